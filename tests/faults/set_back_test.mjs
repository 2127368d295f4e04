// Row E6 with real programs: a server that stands where it stood before, by a snapshot of its machine or by `redflag-server
// restore`, hears of it from its agents, orders nothing until the offline keys have signed a higher epoch, and what was carried
// out meanwhile is not carried out again. A command key that had ended before stays ended.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';
import { commandKey, fieldsOf, order, planHash } from './lib/envelope.mjs';
import { FalseKernel } from './lib/false_kernel.mjs';
import { Middleman } from './lib/middleman.mjs';

let fleet;
let api;
let agent;
let middleman;
let middlemansPort;
let clientId;
let stolen;
let install;  // the id of the order that is carried out after the snapshot was taken
const machine = (...names) => path.join(fleet.folder, 'machine', ...names);
const snapshot = () => path.join(fleet.folder, 'snapshot');
const archive = () => path.join(fleet.folder, 'archive');
const done = () => (fs.existsSync(machine('log')) ? fs.readFileSync(machine('log'), 'utf8') : '');
const kOnce = 'install begins\ninstalled nginx\n';

const commandState = async (id) => (await api.get(`/api/v1/commands/${id}`)).state;
const orderScan = async () => (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0].id;
async function succeeds(id) {
  const enough = middleman.ringOften();
  await until(async () => (await commandState(id)) === 'succeeded', `${id} to succeed`, 120_000,
    () => agent.process.output.slice(-3000) + fleet.server.output.slice(-1500)).finally(enough);
}
const history = async () => (await api.get(`/api/v1/agents/${agent.id}/history?limit=200`)).items;
const doctor = () => JSON.parse(runToEnd([program('redflag-server'), 'doctor', '--data', fleet.data, '--format', 'json'], { allowFailure: true }).stdout)
  .findings.find((finding) => finding.check === 'trust');
const signing = async () => (await api.get('/api/v1/security')).items.find((row) => row.id === 'orders');

function publishList(...change) {
  fleet.trust.keysCommand('commands', ...change);
  fleet.trust.publish();
}
function newKey() {
  fs.rmSync(path.join(fleet.data, 'keys/command.key'));
  runToEnd([program('redflag-server'), 'init', '--data', fleet.data]);
  const file = fleet.trust.describeServer();
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(`:${fleet.port}`, `:${middlemansPort}`));
  return file;
}
async function startServer() {
  const rung = middleman.rung;
  await fleet.startServer();
  api = await fleet.signIn();
  await until(() => middleman.rung > rung, 'the doorbell', 60_000, () => agent.process.output.slice(-2000));
}

async function refusesTheStolenKey() {
  const envelope = order(agent.id, clientId, stolen, {
    command_type: 'install_updates', plan_hash: planHash([{ operation: 'upgrade', name: 'curl', arch: 'all', from: '1', to: '2' }]), restore_epoch: 9,
    actions: [{ plugin: 'test.updater', action: 'install', parameters: '{"updates":[{"key":"curl","name":"curl","arch":"all","version":"2"}]}' }] });
  const before = agent.status().link.refused_orders;
  middleman.alter = () => [envelope];
  middleman.ring();
  await until(() => agent.status()?.link.refused_orders > before, 'the stolen key to be refused', 30_000, () => agent.process.output.slice(-2000));
  middleman.alter = (own) => own;
  const kernel = new FalseKernel(agent);
  assert.deepEqual([(await kernel.submit(envelope)).code, (await kernel.submit(envelope, null)).code], ['unknown_key', 'unknown_key']);
  kernel.socket.destroy();
  assert.equal(fs.readFileSync(machine('packages/curl'), 'utf8'), '1');
}

// Under another epoch it is another order with an id that was used.
async function isNotDoneAgain() {
  await until(async () => ['refused', 'succeeded'].includes(await commandState(install)), 'the old install to be answered', 60_000);
  assert.equal(done(), kOnce);
}

async function ordersNothingAndSaysWhy(why) {
  const id = await orderScan();
  middleman.ring();
  await until(async () => (await signing()).level === 'critical', 'the security overview to say so', 30_000, () => fleet.server.output.slice(-2000) + agent.process.output.slice(-2000));
  assert.match((await signing()).text, why);
  assert.match(doctor().text, why);
  assert.equal(doctor().level, 'error');
  await until(() => why.test(fleet.server.output), 'the log to say so', 30_000, () => fleet.server.output.slice(-1500));
  const before = middleman.fetches;
  middleman.ring();
  await until(() => middleman.fetches > before, 'another fetch', 30_000);
  assert.equal(await commandState(id), 'queued');
  assert.notEqual(await commandState(install), 'succeeded', 'the server does not know any more that it was carried out');
  const scans = async () => (await api.get(`/api/v1/agents/${agent.id}/scans?limit=1`)).total;
  const known = await scans();
  await agent.process.stop();
  fs.rmSync(path.join(agent.folder, 'state/schedule.json'), { force: true });
  agent.start();
  await until(async () => (await scans()) > known, 'reports to flow', 30_000, () => agent.process.output.slice(-2000));
  return id;
}

before(async () => {
  fleet = new Fleet('set-back');
  await fleet.startServer();
  api = await fleet.signIn();
  stolen = commandKey(fleet);
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine(), machine('packages'), machine('available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  for (const name of ['nginx', 'curl']) {
    fs.writeFileSync(machine('packages', name), '1');
    fs.writeFileSync(machine('available', name), '2');
  }
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
  await until(async () => (await api.get('/api/v1/updates/rows')).items.length === 2, 'the updates', 30_000, () => agent.process.output);
});
after(async () => {
  middleman?.close();
  await cleanUp();
});

test('E6: a key is stolen and ended; then the server is copied while an install waits, which is carried out afterwards', async () => {
  await fleet.server.stop();
  const added = newKey();
  publishList('--add', added, '--revoke', JSON.parse(fleet.trust.keysCommand('show', '--format', 'json')).commands.keys[0].key_id);
  await startServer();
  await succeeds(await orderScan());
  await refusesTheStolenKey();

  middleman.alter = (own) => own.filter((envelope) => {
    const fields = fieldsOf(envelope);
    if (fields.plan_hash.length === 0) return true;
    install = fields.command_id;
    return false;
  });
  const update = (await api.get('/api/v1/updates/rows?name=nginx')).items[0];
  await api.post('/api/v1/approvals', { update_ids: [update.id] });
  await until(() => install, 'the install to be handed out', 30_000, () => agent.process.output.slice(-2000));
  await fleet.server.stop();
  fs.cpSync(fleet.data, snapshot(), { recursive: true, preserveTimestamps: true });
  runToEnd([program('redflag-server'), 'backup', '--data', fleet.data, '--to', archive()]);
  middleman.alter = (own) => own;
  await startServer();
  await succeeds(install);
  assert.equal(done(), kOnce);
  fleet.trust.keysCommand('renew', 'targets');
  fleet.trust.publish();
  await fleet.server.stop();
  await startServer();
  await succeeds(await orderScan());
});

test('E6: set back to a snapshot, the server hears of it from an agent and orders nothing until a higher epoch is signed', async () => {
  await fleet.server.stop();
  fs.rmSync(fleet.data, { recursive: true });
  fs.cpSync(snapshot(), fleet.data, { recursive: true, preserveTimestamps: true });
  await startServer();
  const waiting = await ordersNothingAndSaysWhy(/set back to an earlier state: agent \S+ had newer documents of it, targets \d+ \(here \d+\)/);
  const log = (await api.get('/api/v1/audit?kind=trust')).items;
  assert.ok(log.some((entry) => entry.kind === 'trust.set_back' && entry.agent_id === agent.id), JSON.stringify(log));
  assert.ok((await history()).some((entry) => entry.code === 'trust_refused'), 'the agent reports it, too');
  await refusesTheStolenKey();
  assert.equal(done(), kOnce);

  publishList('--restore-epoch', '1');
  await succeeds(waiting);
  await isNotDoneAgain();
  assert.equal((await signing()).level, 'good');
  assert.equal(doctor().level, 'ok', JSON.stringify(doctor()));
  await refusesTheStolenKey();
});

test('E6: restored from a backup it orders nothing either, and an epoch that its agents know already is not enough', async () => {
  await fleet.server.stop();
  runToEnd([program('redflag-server'), 'restore', '--data', fleet.data, '--from', archive()]);
  await startServer();
  const waiting = await ordersNothingAndSaysWhy(/restored from a backup|set back to an earlier state/);
  await refusesTheStolenKey();
  fleet.trust.keysCommand('publish', path.join(fleet.data, 'trust'));
  await until(async () => /above 1/.test((await signing()).text), 'the epoch that is known', 40_000, () => fleet.server.output.slice(-2000));
  assert.equal(await commandState(waiting), 'queued');
  publishList('--restore-epoch', '2');
  await succeeds(waiting);
  await isNotDoneAgain();
  await refusesTheStolenKey();
});
