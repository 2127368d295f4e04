// The real server on PostgreSQL, and what happens when PostgreSQL crashes under it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { cleanUp, sleep, until } from '../e2e/lib/processes.mjs';

const kYaml = `version: 1
mode: report
isolation: best
schedule: {every: 1m, jitter: 0s}
plugins: {system: {}}
`;

const postgres = new Postgres('postgres');
after(async () => {
  postgres.stop();
  await cleanUp();
});

const statusOf = async (api, path) => (await api.request('GET', path, undefined, { allowProblem: true })).status;

// Makes tokens until it is told to stop; answers the ids that were acknowledged, and every other answer.
function writer(api) {
  const acknowledged = [];
  const refused = [];
  let stopped = false;
  const run = (async () => {
    while (!stopped) {
      const answer = await api.request('POST', '/api/v1/enrolment-tokens', { seats: 1, expires_in_s: 3600 }, { allowProblem: true });
      if (answer.status === 201) acknowledged.push(answer.body.id);
      else refused.push(answer);
      await sleep(answer.status === 201 ? 5 : 50);
    }
  })();
  return { acknowledged, refused, stop: () => { stopped = true; return run; } };
}

test('E8: PostgreSQL crashes and comes back: 503 meanwhile, nothing acknowledged is lost, nobody has to help', async () => {
  postgres.start();
  const fleet = new Fleet('on-postgres', { database: postgres.makeDatabase('redflag') });
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  agent.start();
  await agentShows(api, agent.id, 'its first scan', (a) => a.last_scan && a.connection === 'connected', 60_000);

  const tokens = writer(api);
  for (let round = 1; round <= 3; round += 1) {
    const before = tokens.acknowledged.length;
    await until(() => tokens.acknowledged.length >= before + 5, 'acknowledged writes');
    await agent.process.stop();
    postgres.kill();
    agent.start();  // it has something to say, and nobody to say it to

    const problem = await api.request('GET', '/api/v1/agents', undefined, { allowProblem: true });
    assert.equal(problem.status, 503);
    assert.equal(problem.body.code, 'store.unavailable');
    assert.ok(Number(problem.headers['retry-after']) > 0, 'no Retry-After');
    assert.equal(await statusOf(api, '/healthz'), 200);
    assert.equal(await statusOf(api, '/readyz'), 503);
    await until(() => (agent.status()?.spool?.items ?? 0) > 0, 'something in the spool', 60_000, () => agent.process.output);

    postgres.start();
    await until(async () => (await statusOf(api, '/readyz')) === 200, 'the server to recover by itself', 15_000);
    await until(() => (agent.status()?.spool?.items ?? 1) === 0, 'an empty spool', 90_000, () => agent.process.output);
  }
  await until(() => tokens.acknowledged.length > 0 && tokens.refused.length > 0, 'both kinds of answers');
  await tokens.stop();

  for (const answer of tokens.refused) {
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    assert.match(answer.body.code, /^store\.(unavailable|outcome_unknown|busy)$/);
  }
  const stored = new Set(postgres.query('SELECT token_id FROM enrolment_tokens', 'redflag').split('\n'));
  assert.deepEqual(tokens.acknowledged.filter((id) => !stored.has(id)), [], 'acknowledged and lost');

  const back = new Date().toISOString();
  const last = await agentShows(api, agent.id, 'its next scan', (a) => a.last_scan.at > back && a.connection === 'connected', 120_000);
  assert.equal(last.last_scan.status, 'ok');
  assert.equal(postgres.query('SELECT count(*) - count(DISTINCT scan_id) FROM scans', 'redflag'), '0', 'a scan is stored twice');
  assert.equal(fleet.server.exit, null, 'the server has ended');
});
