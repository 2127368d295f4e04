// What was scanned reaches the store once, whoever dies and whatever the network does in between.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';
import { Middleman } from './lib/middleman.mjs';
import { Wire } from './lib/wire.mjs';

after(cleanUp);

const kYaml = `version: 1
mode: report
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins: {system: {}}
`;

const sql = (fleet, query) => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), query]).stdout.trim();

// Scans of the agent as the store has them, straight from the file.
function scansInStore(fleet) {
  const [all, distinct] = sql(fleet, "SELECT count(*), count(DISTINCT scan_id) FROM scans WHERE plugin='system'").split('|').map(Number);
  assert.equal(all, distinct, 'a scan is in the store twice');
  return all;
}

// Orders a scan of an agent that has just started, and lets `harm` happen once, at one step of the upload that carries it.
async function scanWhile(fleet, api, agent, middleman, step, harm) {
  let begun = false;
  let over = false;
  middleman.during = async (now, response, items) => {
    if (now !== step || begun || !items.some((item) => item.kind === 'scan')) return;
    begun = true;
    await harm(response);
    over = true;
  };
  const command = (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0];
  await until(() => over, `an upload to come to "${step}"`, 60_000, () => agent.process.output.slice(-2000));
  const scan = await until(async () => {
    const { state, results } = await api.get(`/api/v1/commands/${command.id}`);
    return state === 'succeeded' ? results[0].scans[0] : null;
  }, `the outcome after "${step}"`, 60_000, () => agent.process.output.slice(-2000));
  const found = () => Number(sql(fleet, `SELECT count(*) FROM scans WHERE scan_id='${scan}'`));
  await until(() => found() > 0 && agent.status()?.spool?.items === 0, `the scan in the store after "${step}"`, 60_000, () => agent.process.output.slice(-2000));
  assert.equal(found(), 1, step);
}

for (const [what, harm] of [
  ['a server killed', (fleet) => async () => {
    await fleet.server.stop('SIGKILL');
    await fleet.startServer();
  }],
  ['a line cut', () => async (response) => response.destroy()],  // at the last step: the reply to what was committed is lost
]) {
  test(`F1: ${what} at any step of an upload loses no scan and stores none twice`, async () => {
    const fleet = new Fleet('upload-harmed');
    await fleet.startServer();
    const api = await fleet.signIn();
    const agent = fleet.enrol('agent', kYaml);
    const middleman = new Middleman(fleet);
    agent.reroute(fleet.port, await middleman.listen());
    agent.start();
    try {
      await until(() => scansInStore(fleet) === 1, 'the first scan', 30_000, () => agent.process.output);
      for (const step of ['head', 'half', 'sent', 'answered']) {
        await agent.process.stop();
        const before = middleman.rung;
        agent.start();
        await until(() => middleman.rung > before, 'the doorbell', 30_000, () => agent.process.output.slice(-2000));
        await scanWhile(fleet, api, agent, middleman, step, harm(fleet));
      }
      assert.equal(scansInStore(fleet), 5);
    } finally {
      middleman.close();
    }
  });
}

test('F1: an agent that is killed between scan and upload uploads after its restart', async () => {
  const fleet = new Fleet('agent-killed');
  await fleet.startServer();
  await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  await fleet.server.stop();
  agent.start();
  await until(() => (agent.status()?.spool?.items ?? 0) > 0, 'a scan in the spool', 30_000, () => agent.process.output);
  await agent.process.stop('SIGKILL');
  await fleet.startServer();
  assert.equal(scansInStore(fleet), 0);
  agent.start();
  await until(() => scansInStore(fleet) >= 1, 'the scan in the store', 60_000, () => agent.process.output);
});

// Hours of this are in tests/kernel/link/flapping_test.cpp, by a clock that is turned by hand.
test('F2: a minute of a flapping network ends in one connected agent with everything delivered, no memory and hardly a line', async () => {
  const fleet = new Fleet('flapping');
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  const wire = new Wire(fleet.port);
  agent.reroute(fleet.port, await wire.listen());
  const residentMiB = () => Number(fs.readFileSync(`/proc/${agent.process.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
  const logBytes = () => fs.statSync(path.join(agent.folder, 'agent.log')).size;
  const flap = async (times) => {
    for (let i = 0; i < times; i += 1) {
      wire.set('cut');
      await sleep(1000);
      wire.set('pass');
      await sleep(1000);
    }
  };
  try {
    agent.start();
    await agentShows(api, agent.id, 'the agent to be connected', (now) => now.connection === 'connected', 60_000);
    await flap(5);
    const [resting, written] = [residentMiB(), logBytes()];
    await flap(25);
    assert.ok(residentMiB() < resting + 2, `${resting} MiB grew to ${residentMiB()}`);
    assert.ok(logBytes() - written < (2 ** 20) * 50 / 3600, `${logBytes() - written} bytes of log in 50 seconds are more than a megabyte an hour`);
    await agentShows(api, agent.id, 'the agent to be connected', (now) => now.connection === 'connected', 400_000);
    await until(() => (agent.status()?.spool?.items ?? 1) === 0, 'an empty spool', 60_000, () => agent.process.output);
    assert.ok(scansInStore(fleet) >= 1);
  } finally {
    wire.close();
  }
});

test('F2: a server whose name cannot be resolved is waited for, and what was scanned meanwhile reaches the one at its right address', async () => {
  const fleet = new Fleet('nameless');
  await fleet.startServer();
  await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  const file = path.join(agent.folder, 'state/identity/identity.json');
  const known = fs.readFileSync(file, 'utf8');
  const nameless = known.replaceAll(/https:\/\/[^:/"]+:/g, 'https://redflag.invalid:');
  assert.notEqual(nameless, known);
  fs.writeFileSync(file, nameless, { mode: 0o600 });
  agent.start();
  const link = await until(() => {
    const now = agent.status()?.link;
    return now?.failures >= 2 ? now : null;
  }, 'two failures', 90_000, () => JSON.stringify(agent.status()?.link) + agent.process.output);
  assert.equal(link.state, 'backing_off');
  assert.match(link.last_error, /redflag\.invalid/);
  assert.ok(agent.status().spool.items >= 1, 'what was scanned is kept');
  assert.ok(agent.process.output.split('\n').filter((line) => line.includes('redflag.invalid')).length < 5, 'said once, not each time');
  await agent.process.stop();  // its server's address is read when it starts
  fs.writeFileSync(file, known, { mode: 0o600 });
  agent.start();
  await until(() => scansInStore(fleet) >= 1, 'the scan in the store', 90_000, () => agent.process.output);
});
