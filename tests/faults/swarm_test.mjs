// E4, F1, D16 with a whole fleet: server and agents are killed at any moment, replies are lost, connections flap; what was
// acknowledged is there, once, and every order took effect once. And the judge of that is judged: what is planted it finds.
//   REDFLAG_SEED          repeats a run's machines, choices and moments
//   REDFLAG_SWARM_AGENTS  also so many, on either engine, as they come by themselves (scripts/test --long: 3000)
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { cleanUp, Program, program, runToEnd, temporaryFolder, until } from '../e2e/lib/processes.mjs';

after(cleanUp);

const seed = String(process.env.REDFLAG_SEED ?? randomInt(2 ** 31));

const many = process.env.REDFLAG_SWARM_AGENTS;

function start(...argv) {
  return new Program('redflag-swarm', [program('redflag-swarm'), '--format', 'json', ...argv]);
}

// What it came to; it ends by itself, and no sooner on a machine that is slow.
async function outcome(run) {
  const { code } = await run.ended;
  const json = run.output.split('\n').find((line) => line.startsWith('{'));
  assert.ok(json, `exit ${code}\n${run.output}`);
  return { code, json, report: JSON.parse(json) };
}

function swarm(...argv) {
  return sound(...argv, '--seed', seed);
}

async function sound(...argv) {
  const run = start(...argv);
  const { code, json, report } = await outcome(run);
  assert.equal(code, 0, run.output);
  assert.ok(json.endsWith('"lost":0,"duplicate":0}'), json);
  return report;
}

test(`E4 F1 60 agents, killed with their server, lose nothing and do nothing twice (REDFLAG_SEED=${seed})`, async () => {
  const report = await swarm('--agents', '60', '--duration', '15', '--ramp', '2', '--every', '2', '--order-every', '0.3', '--kill', 'server,agent',
    '--kill-every', '3', '--faults', 'flapping=0.1,slow-reader=0.1,skew=0.1,lost-reply=0.03');
  assert.equal(report.agents.enrolled, 60);
  assert.ok(report.server.kills >= 1, 'the server was never killed');
  assert.ok(report.agents.deaths >= 1, 'no agent ever died');
  assert.ok(report.uploads.acknowledged >= 120, `only ${report.uploads.acknowledged} uploads`);
  assert.ok(report.orders.executed >= 5, `only ${report.orders.executed} orders`);
  assert.equal(report.orders.unfinished, 0);
  const { order_to_ring, order_to_start } = report.operations;
  assert.ok(order_to_ring.count >= 1 && order_to_start.count >= 1, 'nobody was waited for');
  // Whoever comes back has heard of its orders soon, where the server itself is back within a second.
  const awayS = Math.max(1, report.server.longest_absence_s);
  assert.ok(order_to_start.max_ms < 60_000 * awayS, `${JSON.stringify(order_to_start)}, and the server was away for ${awayS} s`);
  assert.ok(report.errors['fault.lost_reply'] >= 1, 'no reply was lost');
  // A rate is over all the time in which it was counted; each of these numbers is rounded to a tenth.
  const { 'upload.updates': { count, per_s } } = report.operations;
  const seconds = report.seconds.run + report.seconds.settled;
  assert.ok(Math.abs(count - per_s * seconds) <= 0.05 * seconds + 0.1 * per_s + 1, `${count} in ${seconds} s are not ${per_s} a second`);
  assert.ok(report.bytes.sent > 0 && report.bytes.received > 0, JSON.stringify(report.bytes));
});

test(`F1 F2 what --faults names is what the fleet suffers (REDFLAG_SEED=${seed})`, async () => {
  const suffering = (fault, ...more) => swarm('--agents', '10', '--duration', '6', '--ramp', '1', '--every', '2', '--order-every', '0.3',
    '--faults', `${fault}=1`, ...more);
  // They wait more than they work.
  const [slowly, on_and_off, skewed] = await Promise.all([suffering('slow-reader'), suffering('flapping', '--check-in', '0.2'), suffering('skew')]);
  const slow = slowly.operations.fetch_orders;
  assert.ok(slow.p50_ms > 50, `an order is more than 256 bytes each 20 ms: ${JSON.stringify(slow)}`);
  const flapping = on_and_off.operations.connect;
  assert.ok(flapping.count >= 15, `agents that lose their connections connect again: ${JSON.stringify(flapping)}`);
  assert.ok(skewed.items.orders_refused >= 1, 'no order was refused for the clock');
});

test(`F1 of machines that have a copy everything they report is there, once (REDFLAG_SEED=${seed})`, async () => {
  // What is held is never delivered: that nothing more is, is soon seen.
  const run = start('--seed', seed, '--agents', '20', '--duration', '8', '--ramp', '1', '--every', '2', '--order-every', '0', '--kill', 'agent',
    '--faults', 'clone=0.5', '--settle', '5');
  const { code, json, report } = await outcome(run);
  assert.ok(code === 0 || code === 4, run.output);
  assert.ok(report.agents.clones >= 1, 'no machine had a copy');
  assert.ok(report.errors['agent.held'] >= 1, `the server held none of them: ${JSON.stringify(report.errors)}`);
  assert.ok(report.uploads.acknowledged >= 20, `only ${report.uploads.acknowledged} uploads`);
  assert.deepEqual([report.lost, report.duplicate], [0, 0], json);
});

test(`F1 approved updates are planned and installed once each (REDFLAG_SEED=${seed})`, async () => {
  const report = await swarm('--agents', '20', '--duration', '8', '--ramp', '1', '--every', '3', '--order-every', '0.4', '--kill', 'server,agent',
    '--kill-every', '3', '--command', 'install_updates');
  assert.ok(report.orders.stored > report.orders.asked, 'nothing was installed after it was planned');
  assert.equal(report.items.orders_refused, 0, 'orders were not believed');
});

test(`E4 F1 the same on PostgreSQL (REDFLAG_SEED=${seed})`, async () => {
  const postgres = new Postgres('swarm');
  postgres.start();
  try {
    const report = await swarm('--database', postgres.makeDatabase('swarm'), '--agents', '30', '--duration', '8', '--ramp', '1', '--every', '2',
      '--order-every', '0.4', '--kill', 'server,agent', '--kill-every', '3', '--faults', 'lost-reply=0.03');
    assert.ok(report.uploads.acknowledged >= 40, `only ${report.uploads.acknowledged} uploads`);
  } finally {
    postgres.stop();
  }
});

test(`D16 a fleet is measured while it is well, is ordered all at once, and is back after all connections ended and after a restart (REDFLAG_SEED=${seed})`, async () => {
  const report = await swarm('--agents', '80', '--ramp', '1', '--duration', '1', '--every', '3600', '--inventories', '0', '--steady', '2', '--broadcast',
    '--storm', '--restart');
  const { steady, broadcast, storm, restart } = report.moments;
  assert.ok(steady.seconds >= 2 && steady.rss_kib > 10_000 && steady.cpu_percent < 100, JSON.stringify(steady));
  assert.equal(broadcast.orders, 80);
  assert.equal(report.orders.executed, 80);
  assert.equal(report.operations.broadcast.count, 80);
  assert.ok(broadcast.done_s >= broadcast.ordered_s, JSON.stringify(broadcast));
  assert.ok(storm.back_s > 0 && storm.back_s < 60, JSON.stringify(storm));
  assert.ok(restart.absent_s > 0 && restart.back_s >= restart.absent_s && restart.back_s < 60 + restart.absent_s, JSON.stringify(restart));
  assert.ok(report.operations.doorbell.count >= 240, 'not every agent opened its doorbell again, twice');
  assert.ok(report.operations.connect.count >= 160, 'not every agent came back with a new connection');
  assert.equal(report.put_off, 0, 'a fleet of this size is no load');
  assert.deepEqual(Object.keys(report.errors).filter((code) => /^(internal$|server\.|store\.|status\.5)/.test(code)), [], 'the server itself failed');
});

async function manyAreSound(...where) {
  const report = await sound('--agents', many, '--kill', 'server,agent', '--seed', process.env.REDFLAG_SEED ?? '1', ...where);
  console.log(JSON.stringify(report));
  assert.equal(report.agents.enrolled, Number(many));
  assert.equal(report.lost, 0);
  assert.equal(report.duplicate, 0);
  assert.ok(report.server.kills >= 1 && report.agents.deaths >= 1, 'nothing was killed');
}

const onlyMany = { skip: many ? false : 'REDFLAG_SWARM_AGENTS says how many' };

test(`E4 F1 ${many ?? 'many'} agents, killed with their server, lose nothing and do nothing twice`, onlyMany, () => manyAreSound());

test(`E4 F1 ${many ?? 'many'} agents the same on PostgreSQL`, onlyMany, async () => {
  const postgres = new Postgres('swarm-many');
  postgres.start();
  try {
    await manyAreSound('--database', postgres.makeDatabase('swarm'));
  } finally {
    postgres.stop();
  }
});

test(`F1 one approval for a whole fleet is planned and installed on each machine once (REDFLAG_SEED=${seed})`, async () => {
  const report = await swarm('--agents', '60', '--ramp', '1', '--duration', '1', '--every', '3600', '--inventories', '0', '--command', 'install_updates',
    '--broadcast');
  const { broadcast } = report.moments;
  assert.ok(broadcast.orders > 30, `only ${broadcast.orders} machines had updates`);
  assert.equal(report.orders.asked, broadcast.orders);
  assert.equal(report.orders.stored, 2 * broadcast.orders, 'a plan and an install for each');
  assert.ok(broadcast.done_s >= broadcast.ordered_s, JSON.stringify(broadcast));
});

test('a moment that faults would spoil is refused, and named', () => {
  const { status, stderr } = runToEnd([program('redflag-swarm'), '--storm', '--kill', 'server'], { allowFailure: true });
  assert.equal(status, 2);
  assert.match(stderr, /leave out --faults and --kill/);
});

// A fleet whose server forgets, or remembers twice, what it acknowledged; its run is over as soon as it did.
async function sabotaged(name, statement) {
  const state = path.join(temporaryFolder(`swarm-${name}`), 'server');
  const run = start('--seed', seed, '--agents', '10', '--duration', '3600', '--ramp', '1', '--every', '2', '--order-every', '0', '--server-state', state);
  const database = path.join(state, 'redflag.db');
  const scans = () => Number(runToEnd(['sqlite3', '-readonly', database, 'SELECT count(*) FROM scans'], { allowFailure: true }).stdout);
  await until(() => {
    assert.equal(run.exit, null, run.output);
    return fs.existsSync(database) && scans() >= 10;
  }, 'ten scans in the store', 90_000, () => run.output);
  assert.deepEqual(fs.readdirSync(state).filter((file) => file.startsWith('swarm-')), ['swarm-server.log'], 'the offline keys were left behind');
  const changed = runToEnd(['sqlite3', database, `PRAGMA busy_timeout=20000; ${statement}; SELECT changes()`]).stdout.trim();
  assert.ok(changed.endsWith('1'), `nothing was planted: ${changed}`);
  run.child.kill('SIGINT');
  return outcome(run);
}

describe('what is planted in a store is found', { concurrency: 2 }, () => {
  test('an acknowledged upload that is deleted from the store is reported as lost', async () => {
    const { code, report } = await sabotaged('lost', `DELETE FROM scans WHERE (client_id, agent_id, plugin, received_at, scan_id) IN
      (SELECT client_id, agent_id, plugin, received_at, scan_id FROM scans ORDER BY received_at LIMIT 1)`);
    assert.equal(code, 1);
    assert.equal(report.lost, 1);
    assert.equal(report.duplicate, 0);
    assert.match(report.findings[0], /acknowledged, and not stored/);
  });

  test('an upload that is in the store twice is reported as such', async () => {
    const columns = 'plugin_version, interface, purpose, trigger, command_id, boot_id, started_at, duration_ms, status, complete, scopes, reports';
    const { code, report } = await sabotaged('twice', `INSERT INTO scans (client_id, agent_id, plugin, received_at, scan_id, ${columns})
      SELECT client_id, agent_id, plugin, received_at + 1, scan_id, ${columns} FROM scans LIMIT 1`);
    assert.equal(code, 1);
    assert.equal(report.duplicate, 1);
    assert.equal(report.lost, 0);
    assert.match(report.findings[0], /stored twice/);
  });
});
