// A schedule on a real server with a real agent: what is due while the server is killed, and killed again, is carried out once.
// And a machine that has just been enrolled is scanned within seconds, whatever its own schedule is.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, runToEnd, sleep, temporaryFolder, until } from './lib/processes.mjs';

// The server's wall clock is put forward, by less than a machine's may be off, so that nobody waits for a whole minute.
const aheadFile = path.join(temporaryFolder('schedules-clock'), 'ahead');
let aheadS = 0;
const putForward = (seconds) => {
  aheadS = seconds;
  fs.writeFileSync(aheadFile, `+${seconds}s`);
};
putForward(0);
const serverNow = () => Date.now() + aheadS * 1_000;

const fleet = new Fleet('schedules', { environment: {
  LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', FAKETIME_TIMESTAMP_FILE: aheadFile, FAKETIME_NO_CACHE: '1',
  DONT_FAKE_MONOTONIC: '1' } });
let api;
let agent;

after(cleanUp);

const sql = (question) => runToEnd(['sqlite3', '-readonly', '-json', path.join(fleet.data, 'redflag.db'), question]).stdout;
const rows = (question) => JSON.parse(sql(question) || '[]');

before(async () => {
  await fleet.startServer();
  api = await fleet.signIn();
});

test('the first scan of a machine that was just enrolled comes within seconds', async () => {
  agent = fleet.enrol('alpha', `version: 1
mode: report
schedule: {every: 6h, jitter: 30m}
isolation: best
plugins:
  storage:
`);
  const began = Date.now();
  agent.start();
  await agentShows(api, agent.id, 'the first scan', ({ last_scan: scan }) => scan?.complete, 60_000);
  const tookS = (Date.now() - began) / 1000;
  console.log(`first scan after ${tookS.toFixed(1)} s`);
  assert.ok(tookS < 60, `${tookS} s: that is no sooner than by its schedule's spread`);
});

test('what is due while the server is killed, twice, becomes one command and one scan', async () => {
  const [{ id: clientId, sites: [site] }] = (await api.get('/api/v1/clients')).items;
  await api.request('PUT', `/api/v1/sites/${site.id}/time-zone`, { time_zone: 'Asia/Kathmandu' });
  // A whole minute that is far enough away for a slow machine, on the site's clocks (5:45 ahead of UTC, all year).
  const due = new Date(Math.ceil((Date.now() + 60_000) / 60_000) * 60_000);
  const local = new Date(due.getTime() + (5 * 60 + 45) * 60_000).toISOString();
  const wish = {
    name: 'Look again', type: 'scan', parameters: { plugins: ['storage'] }, scope: { client_id: clientId },
    rule: { repeat: 'once', date: local.slice(0, 10), time: local.slice(11, 16) }, catch_up_s: 0,
  };
  const forecast = await api.post('/api/v1/schedules/preview', wish);
  assert.deepEqual(forecast.zones.map(({ time_zone, next }) => [time_zone, next.map(({ at }) => Date.parse(at))]), [['Asia/Kathmandu', [due.getTime()]]]);
  assert.equal(forecast.agents, 1);
  const schedule = await api.post('/api/v1/schedules', wish);
  assert.equal(Date.parse(schedule.next_at), due.getTime());
  assert.equal((await api.get('/api/v1/commands?type=scan')).total, 0);

  await fleet.server.stop('SIGKILL');
  assert.ok(serverNow() < due.getTime(), 'before it is due');
  putForward(Math.max(0, Math.ceil((due.getTime() - Date.now()) / 1_000) + 1));
  await fleet.startServer();
  // As soon as the occurrence has its row: what is to come with it is there already, or it is not.
  await until(() => rows('SELECT run_id FROM schedule_runs').length > 0, 'the occurrence to be carried out', 30_000, () => fleet.server.output.slice(-1000));
  await fleet.server.stop('SIGKILL');
  assert.deepEqual(rows('SELECT r.ordered, COUNT(*) AS commands FROM schedule_runs r JOIN commands c USING (run_id)'), [{ ordered: 1, commands: 1 }]);
  await fleet.startServer();

  const run = await until(async () => {
    const { items: [only] } = await api.get(`/api/v1/schedules/${schedule.id}/runs`);
    return only?.states.succeeded === 1 ? only : null;
  }, 'the scan', 90_000, () => agent.process.output.slice(-1500));
  assert.deepEqual([run.outcome, run.ordered, run.left_out], ['ordered', 1, []]);
  assert.ok(Date.parse(run.at) >= due.getTime());
  // Two more rounds of the server's upkeep, and it stays at one.
  await sleep(11_000);
  const { items: commands } = await api.get(`/api/v1/commands?run_id=${run.id}`);
  assert.deepEqual(commands.map(({ state, actor }) => [state, actor]), [['succeeded', 'alex']]);
  assert.equal((await api.get('/api/v1/commands?type=scan')).total, 1);
  assert.equal(rows(`SELECT scan_id FROM scans WHERE command_id = '${commands[0].id}'`).length, 1, 'scans that the order caused');
  assert.equal((await api.get(`/api/v1/schedules/${schedule.id}`)).state, 'done');
  assert.equal((await api.get(`/api/v1/schedules/${schedule.id}/runs`)).total, 1);
});
