// One order, followed by its id alone through the logs of the server, the agent, its broker and its executor; and a
// request, by its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { build, cleanUp, until } from './lib/processes.mjs';

after(cleanUp);

const fleet = new Fleet('history');
const machine = path.join(fleet.folder, 'machine');
const kKeys = ['time', 'program', 'subsystem', 'command', 'agent', 'action', 'from', 'to', 'actor', 'code'];
let api;
let agent;

before(async () => {
  await fleet.startServer();
  api = await fleet.signIn();
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine, path.join(machine, 'packages'), path.join(machine, 'available')]) fs.mkdirSync(folder);
  for (const ending of ['so', 'json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater.${ending}`), path.join(plugins, `test.updater.${ending}`));
  fs.writeFileSync(path.join(machine, 'packages/nginx'), '1');
  fs.writeFileSync(path.join(machine, 'available/nginx'), '2');
  const { sha256 } = JSON.parse(fs.readFileSync(path.join(plugins, 'test.updater.json'), 'utf8'));
  agent = fleet.enrol('agent', `version: 1
mode: act
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins:
  test.updater: {settings: {folder: "${machine}"}, capabilities: ["read:${machine}"], sha256: ${sha256}}
policy:
  allow:
    - {action: test.updater/install, packages: ["*"], when: always}
`, { plugins, act: true });
  await agent.startBroker();
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 1);
});

// As an administrator would: every line with the id, of all logs.
function story(id) {
  const logs = { server: fleet.server.output, ...Object.fromEntries(['agent', 'broker', 'executor'].map((name) => [name, fs.readFileSync(path.join(agent.folder, `${name}.log`), 'utf8')])) };
  return Object.fromEntries(Object.entries(logs).map(([name, text]) => [name, text.split('\n').filter((line) => /\bHISTORY /.test(line) && line.includes(` command=${id} `))
    .map((line) => {
      const pairs = [...line.slice(line.indexOf('HISTORY ')).matchAll(/ ([a-z]+)=("[^"]*"|\S+)/g)].map(([, key, value]) => [key, value]);
      assert.deepEqual(pairs.map(([key]) => key), kKeys, line);
      return Object.fromEntries(pairs);
    })]));
}
const steps = (lines) => lines.map(({ from, to }) => `${from}>${to}`);

async function ended(id) {
  let one;
  return until(async () => {
    one = await api.get(`/api/v1/commands/${id}`);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(one.state) && one;
  }, `command ${id} to end`, 60_000, () => JSON.stringify(one) + agent.process.output.slice(-2000));
}

function checkEach(lines, program, action) {
  for (const line of lines) {
    assert.equal(line.program, program);
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 120_000, line.time);
    if (program !== 'redflag-broker') assert.equal(line.agent, agent.id);
    assert.ok([action, '-'].includes(line.action), line.action);
  }
}

test('an order of the kernel: ordered, accepted, run by a plugin in a host of the broker, told', async () => {
  const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
  assert.equal((await ended(id)).state, 'succeeded');
  const told = story(id);
  assert.deepEqual(steps(told.server), ['->queued', 'queued>delivered', 'delivered>accepted', 'accepted>running', 'running>succeeded']);
  assert.deepEqual(steps(told.agent), ['->accepted', 'accepted>running', 'running>succeeded']);
  assert.deepEqual(steps(told.broker), ['->started', 'started>ended']);
  assert.deepEqual(told.executor, []);
  assert.equal(told.server[0].actor, 'alex');
  assert.equal(told.server[4].actor, 'agent');
  checkEach(told.server, 'redflag-server', 'scan');
  checkEach(told.agent, 'redflag-agent', 'kernel/scan');
  checkEach(told.broker, 'redflag-broker', 'test.updater');
});

test('an install: planned in a host of the broker, handed on to the executor', async () => {
  const row = async (name) => (await api.get(`/api/v1/updates/rows?name=${name}&state=available,verified,failed`)).items[0];
  await until(() => row('nginx'), 'the update', 30_000);
  await api.post('/api/v1/approvals', { update_ids: [(await row('nginx')).id] });
  await until(async () => (await row('nginx'))?.state === 'verified', 'the update to be verified', 60_000, () => agent.process.output.slice(-3000) + agent.executor.output.slice(-1000));
  const of = async (type) => (await api.get(`/api/v1/commands?type=${type}&agent_id=${agent.id}`)).items[0].id;
  const plan = story(await of('plan_updates'));
  assert.deepEqual(steps(plan.broker), ['->started', 'started>ended']);
  checkEach(plan.agent, 'redflag-agent', 'test.updater/plan');
  const install = story(await of('install_updates'));
  assert.deepEqual(steps(install.server), ['->queued', 'queued>delivered', 'delivered>accepted', 'accepted>running', 'running>succeeded']);
  assert.deepEqual(steps(install.executor), ['->accepted', 'accepted>running', 'running>succeeded']);
  checkEach(install.executor, 'redflag-executor', 'test.updater/install');
  assert.deepEqual(steps(install.agent).sort(), ['->handed_on', '->running', '->succeeded', 'handed_on>accepted'].sort());
});

test('an order that is refused is one line with the reason on each side', async () => {
  const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'update_agent', agent_ids: [agent.id], parameters: {} });
  assert.equal((await ended(id)).state, 'refused');
  const told = story(id);
  assert.equal(told.agent.at(-1).to, 'refused');
  assert.equal(told.server.at(-1).to, 'refused');
  assert.equal(told.server.at(-1).code, told.agent.at(-1).code);
  assert.notEqual(told.server.at(-1).code, '-');
});

const linesOf = (text, requestId) => text.split('\n').filter((line) => line.includes(` request_id=${requestId} `));

test('what a request does is logged under the id that its answer names', async () => {
  const answer = await api.request('POST', '/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
  const id = answer.headers['x-request-id'];
  assert.match(id, /^[0-9A-Z]{26}$/);
  const lines = linesOf(fleet.server.output, id);
  assert.ok(lines.some((line) => line.includes(' HISTORY ') && line.includes(`command=${answer.body.items[0].id} `)), JSON.stringify(lines));
  assert.ok(lines.some((line) => / method=POST path=\/api\/v1\/commands status=2\d\d /.test(line)), JSON.stringify(lines));
  const refused = await api.request('GET', '/api/v1/agents/nobody', undefined, { allowProblem: true });
  assert.equal(refused.body.request_id, refused.headers['x-request-id']);
  await until(() => linesOf(fleet.server.output, refused.body.request_id).some((line) => line.includes(` status=404 code=${refused.body.code} `)),
    'why it was refused, under its id', 10_000, () => fleet.server.output.slice(-2000));
  assert.equal((await ended(answer.body.items[0].id)).state, 'succeeded');
});

test('an error of the agent itself is among the errors of the server', async () => {
  await agent.process.stop();
  for (const file of fs.readdirSync(path.join(agent.folder, 'state'))) if (file.startsWith('spool.db')) fs.rmSync(path.join(agent.folder, 'state', file));
  fs.writeFileSync(path.join(agent.folder, 'state/spool.db'), 'no database '.repeat(1000), { mode: 0o600 });
  agent.start();
  // As the screen asks for those of one machine.
  const of = async (id, more = '') => (await api.get(`/api/v1/errors?source=agent&agent_id=${id}${more}`)).items;
  const found = async () => (await of(agent.id, '&code=spool.damaged'))[0];
  const error = await until(found, 'the damaged spool among the errors', 60_000, () => agent.process.output.slice(-2000));
  assert.deepEqual([error.subsystem, error.agents], ['spool', 1]);
  const { rows: [row] } = await api.get(`/api/v1/errors/${error.id}?agent_id=${agent.id}`);
  assert.equal(row.agent_id, agent.id);
  assert.ok(Math.abs(Date.parse(row.last_at) - Date.now()) < 120_000, row.last_at);
  assert.ok((await of(agent.id)).some(({ id }) => id === error.id), 'not only by its code');
  assert.deepEqual(await of('01JM8ZC9T0QK5V3N7RWX2YBD4E'), [], 'another machine has none');
});

test('a request of the agent that is refused is found by one id in its log, in its status and in the log of the server', async () => {
  await api.post(`/api/v1/agents/${agent.id}/revoke`, { reason: 'sold' });
  await until(() => agent.status()?.link?.state === 'revoked', 'the agent to say so', 30_000, () => JSON.stringify(agent.status()?.link));
  const said = () => fs.readFileSync(path.join(agent.folder, 'agent.log'), 'utf8').split('\n').find((line) => line.includes('no contact with') && line.includes('agent.revoked'));
  const line = await until(said, 'the refusal in the log of the agent', 30_000);
  const id = / request_id=([0-9A-Z]{26}) /.exec(line)?.[1];
  assert.ok(id, line);
  const there = linesOf(fleet.server.output, id);
  assert.ok(there.some((each) => / refused=agent\.revoked status=40[13] .* path=\/agent\/v1\//.test(each)), `${line}\n${there.join('\n')}`);
  const { link } = agent.status();
  assert.ok(linesOf(fleet.server.output, link.last_error_request_id).some((each) => each.includes('agent.revoked')), JSON.stringify(link));
});
