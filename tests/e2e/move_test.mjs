// A server of 2,000 agents leaves its file for PostgreSQL, and nobody who asks it can tell.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { Postgres } from './lib/postgres.mjs';
import { build, cleanUp, program, Program, repository, runToEnd, until } from './lib/processes.mjs';

const kAgents = 2_000;
const kUpdates = 30;
const kPagesOfEach = 6;
const kYaml = `version: 1
mode: report
isolation: best
schedule: {every: 1m, jitter: 0s}
plugins: {system: {}}
`;

const postgres = new Postgres('move');
after(async () => {
  postgres.stop();
  await cleanUp();
});

const hashOf = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

// What a route answers, page after page.
async function pages(api, route) {
  const out = [];
  let cursor = '';
  do {
    const joint = route.includes('?') ? '&' : '?';
    const { status, body } = await api.request('GET', route + (cursor ? `${joint}cursor=${encodeURIComponent(cursor)}` : ''),
      undefined, { allowProblem: true });
    out.push({ status, body });
    cursor = body.next_cursor ?? '';
  } while (cursor && out.length < kPagesOfEach);
  return out;
}

// A stream, the browser's own, what the server measures of itself, and what grows by being asked.
const unequal = new Set(['/api/v1/events', '/api/v1/session', '/api/v1/account/sessions', '/metrics', '/api/v1/audit', '/api/v1/audit/export',
  '/api/v1/audit/head', '/api/v1/security']);
async function recorded(api) {
  const hashes = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await api.get(`/api/v1/audit?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    hashes.push(...page.items.map((one) => one.hash));
    cursor = page.next_cursor;
  }
  return hashes;
}

// Every route of the description that is read, with ids that are there.
async function everyAnswer(api, agent) {
  const description = JSON.parse(fs.readFileSync(path.join(repository, 'server/api/openapi.json')));
  const some = (await api.get('/api/v1/agents?limit=3')).items.map((one) => one.id);
  const commands = (await api.get('/api/v1/commands')).items.map((one) => one.id);
  const answers = {};
  for (const [route, methods] of Object.entries(description.paths)) {
    if (!methods.get || unequal.has(route)) continue;
    const ids = route.includes('{id}') ? (route.includes('/commands/') ? commands : [agent.id, ...some]) : [''];
    assert.ok(ids.length > 0, `nothing to ask ${route} for`);
    for (const id of ids) {
      const asked = route.replace('{id}', id);
      answers[asked] = await pages(api, asked);
      // The period ends with the question.
      if (route.endsWith('/metrics')) answers[asked].forEach(({ body }) => { delete body.from; delete body.to; });
    }
  }
  for (const sorted of ['/api/v1/agents?limit=200&sort=-updates', '/api/v1/updates/rows?limit=500', '/api/v1/agents?search=host-0'])
    answers[sorted] = await pages(api, sorted);
  return answers;
}

// Ages run on, and a stopped server has heard of nobody since.
const kOfTheMoment = /"(connection|request_id|last_used_at)":("[^"]*"|[0-9]+|true|false)/g;
const lasting = (answers) => JSON.stringify(answers).replace(kOfTheMoment, '"$1":"of the moment"');

test('2,000 agents move from SQLite to PostgreSQL: killed and run again, every answer as before, agents go on', async () => {
  postgres.start();
  const fleet = new Fleet('move-fleet');
  await fleet.startServer();
  await fleet.server.stop();
  const file = path.join(fleet.data, 'redflag.db');
  runToEnd([path.join(build, 'bench/redflag-bench-fleet'), file, String(kAgents), String(kUpdates)]);

  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  agent.start();
  await agentShows(api, agent.id, 'its first scan', (a) => a.last_scan && a.connection === 'connected', 60_000);
  await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
  await until(async () => (await api.get('/api/v1/commands')).items.every((c) => c.state === 'succeeded'), 'the scan that was ordered', 60_000);
  await agent.process.stop();
  const before = await everyAnswer(api, agent);
  const records = await recorded(api);
  await fleet.server.stop();
  const untouched = hashOf(file);

  const url = postgres.makeDatabase('redflag');
  const move = [program('redflag-server'), 'migrate', '--data', fleet.data, '--to-postgres', url];
  const killed = new Program('the move', move);
  await killed.says(/^agents: /m, 60_000);
  await killed.stop('SIGKILL');
  const early = runToEnd([program('redflag-server'), 'serve', '--data', fleet.data, '--database', url, '--listen', '127.0.0.1:0'], { allowFailure: true });
  assert.notEqual(early.status, 0);
  assert.match(early.stderr + early.stdout, /a move from SQLite into this database is not finished/);

  const moved = runToEnd(move).stdout;
  assert.match(moved, /^agents: 2001 rows, there already$/m);
  assert.match(moved, /^updates: 60000 rows/m);
  assert.match(moved, /Everything is there and the same/);
  assert.equal(hashOf(file), untouched);

  const settings = path.join(fleet.data, 'server.yaml');
  fs.appendFileSync(settings, `${moved.match(/^ {2}(database: .*)$/m)[1]}\n`, { mode: 0o600 });
  await fleet.startServer();
  const there = await everyAnswer(api, agent);
  assert.deepEqual(Object.keys(there), Object.keys(before));
  for (const route of Object.keys(before)) assert.equal(lasting(there[route]), lasting(before[route]), route);

  const recordsThere = new Set(await recorded(api));
  assert.ok(records.length > 3);
  assert.deepEqual(records.filter((hash) => !recordsThere.has(hash)), []);

  const back = new Date().toISOString();
  agent.start();
  await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
  await agentShows(api, agent.id, 'its next scan', (a) => a.last_scan.at > back && a.connection === 'connected', 120_000);
  assert.equal(postgres.query(`SELECT COUNT(*) FROM scans WHERE agent_id = '${agent.id}'`, 'redflag') > 2, true);
  assert.equal(hashOf(file), untouched);
});
