// The trust root in real programs: a command key that was stolen ends with the next list, for the kernel and for the executor,
// no older server brings it back, and what was published and is away for a while costs no order.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';
import { commandKey, order, planHash } from './lib/envelope.mjs';
import { FalseKernel, handedTrust } from './lib/false_kernel.mjs';
import { Middleman } from './lib/middleman.mjs';

let fleet;
let api;
let agent;
let middleman;
let middlemansPort;
let clientId;
let stolen;
let oldFiles;
const archive = () => path.join(fleet.folder, 'archive');
const machine = () => path.join(fleet.folder, 'machine');
const installed = () => (fs.existsSync(path.join(machine(), 'log')) ? fs.readFileSync(path.join(machine(), 'log'), 'utf8') : '');

const refusals = async () => (await api.get(`/api/v1/agents/${agent.id}/history?limit=200`)).items.filter((entry) => entry.kind === 'command.refused');

async function reported(code, text) {
  let seen;
  return until(async () => {
    seen = await refusals();
    return seen.find((entry) => entry.code === code && entry.text.includes(text));
  }, `a refusal ${code} "${text}" in the agent's history`, 30_000, () => JSON.stringify(seen, null, 1) + agent.process.output.slice(-1500));
}

async function handOver(envelopes) {
  const at = middleman.fetches;
  middleman.alter = () => envelopes;
  middleman.ring();
  await until(() => middleman.fetches > at, 'the agent to fetch', 30_000, () => agent.process.output.slice(-1500));
  middleman.alter = (own) => own;
}

const install = (changes = {}) => order(agent.id, clientId, stolen, {
  command_type: 'install_updates',
  plan_hash: planHash([{ operation: 'upgrade', name: 'nginx', arch: 'all', from: '1', to: '2' }]),
  actions: [{ plugin: 'test.updater', action: 'install', parameters: '{"updates":[{"key":"nginx","name":"nginx","arch":"all","version":"2"}]}' }],
  ...changes,
});

// The fleet's server with its present folder, and the agent's doorbell at it.
async function restartServer() {
  if (fleet.server.exit === null) await fleet.server.stop();
  const before = middleman.rung;
  await fleet.startServer();
  api = await fleet.signIn();
  await until(() => middleman.rung > before, 'the doorbell', 60_000, () => agent.process.output.slice(-2000));
}

const orderScan = async () => (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0].id;
const stateOf = async (id) => (await api.get(`/api/v1/commands/${id}`)).state;
// The server as its agents are to find it: behind the middleman.
function describedBehindMiddleman() {
  const file = fleet.trust.describeServer();
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(`:${fleet.port}`, `:${middlemansPort}`));
  return file;
}
function newKey() {
  fs.rmSync(path.join(fleet.data, 'keys/command.key'));
  runToEnd([program('redflag-server'), 'init', '--data', fleet.data]);
}

before(async () => {
  fleet = new Fleet('trust');
  await fleet.startServer();
  api = await fleet.signIn();
  stolen = commandKey(fleet);
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine(), path.join(machine(), 'packages'), path.join(machine(), 'available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  fs.writeFileSync(path.join(machine(), 'packages/nginx'), '1');
  fs.writeFileSync(path.join(machine(), 'available/nginx'), '2');
  const { sha256 } = JSON.parse(fs.readFileSync(path.join(plugins, 'test.updater.json'), 'utf8'));
  agent = fleet.enrol('agent', `version: 1
mode: act
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins:
  test.updater: {settings: {folder: "${machine()}"}, capabilities: ["read:${machine()}"], sha256: ${sha256}}
policy:
  allow:
    - {action: test.updater/install, packages: ["*"], when: always}
`, { plugins, act: true });
  middleman = new Middleman(fleet);
  middlemansPort = await middleman.listen();
  agent.reroute(fleet.port, middlemansPort);
  await agent.startExecutor();
  agent.start();
  await until(() => middleman.rung > 0, 'the doorbell', 30_000, () => agent.process.output.slice(-2000));
  clientId = (await api.get(`/api/v1/agents/${agent.id}`)).client.id;
});
after(async () => {
  middleman?.close();
  await cleanUp();
});

test('before it was stolen the key orders', async () => {
  const id = await orderScan();
  await until(async () => (await stateOf(id)) === 'succeeded', 'the scan', 30_000, () => agent.process.output.slice(-2000));
  runToEnd([program('redflag-server'), 'backup', '--data', fleet.data, '--to', archive()]);
  oldFiles = handedTrust(agent);
});

test('B3: after the next list it is refused by the kernel, and by the executor that a false kernel hands old files', async () => {
  await fleet.server.stop();
  newKey();
  fleet.trust.keysCommand('commands', '--add', describedBehindMiddleman(), '--revoke',
    JSON.parse(fleet.trust.keysCommand('show', '--format', 'json')).commands.keys[0].key_id);
  fleet.trust.publish();
  await restartServer();
  await handOver([install()]);
  await reported('unknown_key', 'kernel');

  const kernel = new FalseKernel(agent);
  assert.equal((await kernel.submit(install())).code, 'unknown_key', 'with the new list');
  for (const files of [oldFiles, null]) {
    const answer = await kernel.submit(install(), files);
    assert.equal(answer.event, 'refused', JSON.stringify(answer));
    assert.equal(answer.code, 'unknown_key');
  }
  kernel.socket.destroy();
  const id = await orderScan();
  await until(async () => (await stateOf(id)) === 'succeeded', 'a scan that the new key ordered', 30_000, () => agent.process.output.slice(-2000));
  assert.equal(installed(), '');
});

test('B3 E6: a server restored from before orders nothing, and its agents refuse what it publishes', async () => {
  await fleet.server.stop();
  runToEnd([program('redflag-server'), 'restore', '--data', fleet.data, '--from', archive()]);
  await restartServer();
  const id = await orderScan();
  await handOver([install()]);
  await reported('trust_refused', 'was there already');
  assert.equal(await stateOf(id), 'queued', 'it is held back');
  assert.match(fleet.server.output, /restored from a backup/);
  const scans = async () => (await api.get(`/api/v1/agents/${agent.id}`)).last_contact ?? agent.status().link.last_contact;
  assert.ok(await scans(), 'reports flow');
  assert.equal(installed(), '');
});

test('E6: a higher epoch that the offline keys signed lets it order again', async () => {
  await fleet.server.stop();
  newKey();
  fleet.trust.keysCommand('commands', '--add', describedBehindMiddleman(), '--restore-epoch', '1');
  fleet.trust.publish();
  await restartServer();
  const id = await orderScan();
  await until(async () => (await stateOf(id)) === 'succeeded', 'the scan', 60_000, () => agent.process.output.slice(-3000) + fleet.server.output.slice(-1500));
  await handOver([install()]);
  assert.equal(installed(), '');
});

test('a list that is published while agents are connected is with them at once, not when they ask by themselves', async () => {
  const epoch = () => JSON.parse(fs.readFileSync(path.join(agent.folder, 'state/trust/content/trust%2Fcommands.json'), 'utf8')).restore_epoch;
  assert.equal(epoch(), 1);
  const fetches = middleman.fetches;
  fleet.trust.keysCommand('commands', '--restore-epoch', '2');
  fleet.trust.publish();
  await until(() => epoch() === 2, 'the new list at the agent', 20_000, () => agent.process.output.slice(-2000) + fleet.server.output.slice(-1500));
  await until(() => middleman.fetches > fetches, 'the agent to ask for orders under it', 10_000);
  const id = await orderScan();
  await until(async () => (await stateOf(id)) === 'succeeded', 'a scan under the new epoch', 30_000, () => agent.process.output.slice(-2000));
});

test('while what was published is away orders are held back, and once it is there again whoever is connected is rung for them', async () => {
  const signing = async () => (await api.get('/api/v1/security')).items.find(({ id }) => id === 'orders').level;
  const published = path.join(fleet.data, 'trust');
  const away = path.join(fleet.folder, 'away');
  assert.equal(await signing(), 'good');
  fs.renameSync(published, away);
  await until(async () => (await signing()) === 'critical', 'the server to miss it', 20_000, () => fleet.server.output.slice(-1500));
  const before = middleman.fetches;
  const id = await orderScan();
  await until(() => middleman.fetches > before, 'the agent to ask for the order', 20_000, () => agent.process.output.slice(-2000));
  await reported('trust_refused', 'the server has no such file');  // although it reported another reason a moment ago
  assert.equal(await stateOf(id), 'queued', 'it is held back');
  assert.match(agent.status().link.distrust, /the server has no such file/);

  const fetches = middleman.fetches;
  fs.renameSync(away, published);
  // By itself it would ask in an hour.
  await until(() => middleman.fetches > fetches, 'the agent to be rung', 20_000, () => fleet.server.output.slice(-1500));
  await until(async () => (await stateOf(id)) === 'succeeded', 'the scan', 30_000, () => agent.process.output.slice(-2000));
  const { transitions } = await api.get(`/api/v1/commands/${id}`);
  assert.deepEqual(transitions.map(({ to }) => to), ['queued', 'delivered', 'accepted', 'running', 'succeeded']);
  assert.equal(await signing(), 'good', 'nobody takes it for set back');
  assert.equal(agent.status().link.distrust, '');
});
