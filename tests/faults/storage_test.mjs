// What storage does to a server in the field, as its callers see it: disks that are full, files that others hold, damage,
// clocks that jump.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Agent, Fleet } from '../e2e/lib/fleet.mjs';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { cleanUp, program, Program, runToEnd, temporaryFolder, until } from '../e2e/lib/processes.mjs';
import { removeDisks, SmallDisk } from './lib/small_disk.mjs';

const postgres = new Postgres('storage');
after(async () => {
  postgres.stop();
  removeDisks();
  await cleanUp();
});

const kDay = 86_400;
const kYaml = `version: 1
mode: report
isolation: best
plugins: {system: {}}
`;

const makeToken = (api) => api.request('POST', '/api/v1/enrolment-tokens', { seats: 1, expires_in_s: 3600 }, { allowProblem: true });

// Writes until a write is refused; answers the ids that were acknowledged and the refusal.
async function writeUntilRefused(api, what) {
  const acknowledged = [];
  for (let i = 0; i < 2_000; i += 1) {
    const answer = await makeToken(api);
    if (answer.status !== 201) return { acknowledged, refusal: answer };
    acknowledged.push(answer.body.id);
  }
  throw new Error(`2,000 writes went well ${what}`);
}

function assertAsksToTryAgain(answer, code) {
  assert.equal(answer.status, 503, JSON.stringify(answer.body));
  assert.equal(answer.body.code, code);
  assert.ok(Number(answer.headers['retry-after']) > 0, 'no Retry-After');
}

const tokensOf = async (api) => new Set((await api.get('/api/v1/enrolment-tokens')).items.map((token) => token.id));

async function assertRecovers(api, acknowledged) {
  const last = await until(async () => {
    const answer = await makeToken(api);
    return answer.status === 201 && answer.body.id;
  }, 'the first write after there was space', 90_000);
  const stored = await tokensOf(api);
  assert.deepEqual([...acknowledged, last].filter((id) => !stored.has(id)), [], 'acknowledged and lost');
}

async function fillsUp(fleet, disk) {
  await fleet.startServer();
  const api = await fleet.signIn();
  disk.fill();
  const { acknowledged, refusal } = await writeUntilRefused(api, 'on a full disk');
  assertAsksToTryAgain(refusal, 'store.full');
  assert.equal((await api.request('GET', '/api/v1/agents')).status, 200);
  assert.equal((await api.request('GET', '/healthz')).status, 200);
  disk.makeSpace();
  await assertRecovers(api, acknowledged);
  await fleet.server.stop();
}

test('E1: the disk of a SQLite server is full: it reads, refuses writes with 503, and mends itself', async () => {
  const fleet = new Fleet('full-disk');
  const disk = new SmallDisk(fleet.folder, 24);
  await fillsUp(fleet, disk);
});

test('E1: the disk under PostgreSQL is full: the same', async () => {
  const place = temporaryFolder('small-disk');
  fs.chmodSync(place, 0o755);
  const disk = new SmallDisk(path.join(place, 'disk'), 24);
  runToEnd(['chown', 'postgres', disk.folder]);
  postgres.start();
  runToEnd(['install', '-d', '-o', 'postgres', `${disk.folder}/space`]);
  postgres.query(`CREATE TABLESPACE small LOCATION '${disk.folder}/space'`);
  postgres.query('CREATE DATABASE small TABLESPACE small');
  await fillsUp(new Fleet('full-postgres', { database: `postgresql:///small?user=postgres&host=${postgres.folder}` }), disk);
});

test('E3: another process holds the database: 503 with Retry-After, reads go on, then writes do', async () => {
  const fleet = new Fleet('held');
  await fleet.startServer();
  const api = await fleet.signIn();
  const enough = path.join(fleet.folder, 'enough');
  const holder = new Program('who holds it', ['sh', '-c',
    `(echo 'BEGIN IMMEDIATE;'; echo '.print held'; while [ ! -e '${enough}' ]; do sleep 0.05; done; echo 'COMMIT;') | sqlite3 '${path.join(fleet.data, 'redflag.db')}'`]);
  await holder.says(/held/);
  const [refusal, read] = await Promise.all([makeToken(api), api.request('GET', '/api/v1/agents')]);
  assertAsksToTryAgain(refusal, 'store.busy');
  assert.equal(read.status, 200);
  fs.writeFileSync(enough, '');
  await holder.ended;
  assert.equal((await makeToken(api)).status, 201);
  await fleet.server.stop();
});

test('E5: a damaged file and one of a newer server are refused by name, and a backup brings the server back', async () => {
  const fleet = new Fleet('damaged');
  await fleet.startServer();
  const api = await fleet.signIn();
  const token = (await makeToken(api)).body.id;
  const backup = path.join(fleet.folder, 'backup');
  runToEnd([program('redflag-server'), 'backup', '--data', fleet.data, '--to', backup]);
  await fleet.server.stop();
  const file = path.join(fleet.data, 'redflag.db');
  const good = fs.readFileSync(file);
  const refused = (pattern) => {
    const start = runToEnd([program('redflag-server'), 'serve', '--data', fleet.data, '--listen', '127.0.0.1:0'], { allowFailure: true });
    assert.equal(start.status, 1, start.stderr);
    assert.match(start.stderr + start.stdout, pattern);
  };

  runToEnd(['sqlite3', file, "INSERT INTO schema_migrations VALUES (9999, 'later', 'x', 1)"]);
  refused(/this database has schema 9999, this server knows up to [0-9]+: it was used by a newer server/);

  const damaged = Buffer.from(good);
  for (let at = 4_096; at < damaged.length; at += 4_096 * 3) damaged.fill(0xa5, at, at + 4_096);
  fs.writeFileSync(file, damaged);
  refused(/redflag\.db is damaged \(.*restore a backup/);

  fs.writeFileSync(file, good.subarray(0, good.length / 2));
  refused(/redflag\.db is damaged \(.*restore a backup/);

  runToEnd([program('redflag-server'), 'restore', '--data', fleet.data, '--from', backup]);
  await fleet.startServer();
  await api.signIn();
  assert.ok((await tokensOf(api)).has(token), 'the backup has not what was acknowledged before it');
  await fleet.server.stop();
});

test('E9: the clock jumps back two days and ahead forty: sessions and tokens end, what happened keeps its order', async () => {
  const offset = path.join(temporaryFolder('clock'), 'offset');
  const jump = (seconds) => fs.writeFileSync(offset, `${seconds >= 0 ? '+' : ''}${seconds}s`);
  jump(0);
  // The wall clock is off; the one that only goes forward is not.
  const fleet = new Fleet('clock', { environment: {
    LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_NO_CACHE: '1', DONT_FAKE_MONOTONIC: '1' } });
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  const order = async () => (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0].id;
  const made = (await makeToken(api)).body;
  const orders = [await order()];

  jump(-2 * kDay);
  await until(async () => Math.abs(Date.parse((await makeToken(api)).body.expires_at) - Date.now()) > kDay * 1_000, 'the clock to jump');
  // Agents sign by the Date of the answers, which goes on.
  assert.ok(Date.parse((await api.request('GET', '/healthz')).headers.date) > Date.now() - 60_000, 'Date stepped back');
  agent.start();
  await until(() => agent.status()?.link?.state === 'connected', 'the agent to be let in', 30_000, () => agent.process.output.slice(-1500));
  await agent.process.stop();
  orders.push(await order());

  jump(40 * kDay);
  assert.equal((await makeToken(api)).status, 401, 'a session is only as long as it says');
  await api.signIn();
  const place = path.join(fleet.folder, 'late');
  fs.mkdirSync(path.join(place, 'state'), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(place, 'agent.yaml'), kYaml);
  const late = runToEnd(new Agent('late', place, agent.plugins, false).command('enroll', '--bundle-stdin'),
    { input: made.bundle, allowFailure: true });
  assert.notEqual(late.status, 0, 'a token that has expired');
  assert.match(late.stderr, /expired/);
  orders.push(await order());

  jump(0);
  if ((await makeToken(api)).status === 401) await api.signIn();
  orders.push(await order());
  const history = (await api.get(`/api/v1/agents/${agent.id}/history?limit=100`)).items.map((entry) => entry.command_id).filter(Boolean);
  const firsts = orders.map((id) => history.lastIndexOf(id));
  assert.ok(firsts.every((at) => at >= 0), `not every order is in the history: ${firsts}`);
  assert.deepEqual([...firsts].sort((a, b) => b - a), firsts, 'the newest is first, whatever the clock said');
  await fleet.server.stop();
});
