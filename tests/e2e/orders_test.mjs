// What can be ordered beside updates, and which of them policies of a group approve by themselves, through a real server, agent
// and executor. Nothing here restarts this machine: the agent's programs live in a mount namespace in which `shutdown` and
// `systemctl` are a stand-in that notes how it was called, and in which the kernel's boot id is a file that the test changes as
// a real restart would.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, Program, repository, runToEnd, temporaryFolder, until } from './lib/processes.mjs';
import { StandIn } from './lib/stand_in.mjs';

const fleet = new Fleet('orders');
const standIn = new StandIn();
const sandbox = temporaryFolder('orders-root');
let api;
let agent;

after(cleanUp);

const yaml = (more = '') => `version: 1
mode: act
schedule: {jitter: 0s}
isolation: best
plugins:
  system:
  storage: {every: 6h}
  apt: {settings: {root: "${sandbox}/root", cache_dir: "${fleet.folder}/apt-cache"}}
policy:
  server_may_set: [schedule, "plugins.*.every"]
  allow:
    - {action: "system/*", when: always}
    - {action: apt/refresh, when: always}
    - {action: apt/install, packages: ["redflag-demo-lib"], when: always}
${more}`;

async function order(type, parameters, wanted = 'succeeded') {
  const { items: [{ id }] } = await api.post('/api/v1/commands', { type, agent_ids: [agent.id], parameters });
  return ended(id, wanted);
}

async function ended(id, wanted) {
  let command;
  await until(async () => {
    command = await api.get(`/api/v1/commands/${id}`);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(command.state);
  }, `command ${id} to end`, 60_000, () => JSON.stringify(command) + agent.executor.output.slice(-2000));
  assert.equal(command.state, wanted, JSON.stringify(command));
  return command;
}

const called = () => standIn.called();

before(async () => {
  runToEnd([path.join(repository, 'scripts/make-sandbox'), sandbox]);
  await fleet.startServer();
  api = await fleet.signIn();
  agent = fleet.enrol('agent', yaml(), { act: true });
  agent.under = standIn.under;
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 3);
});

test('services are restarted one after the other, and what became of each is said', async () => {
  const { results } = await order('restart_services', { services: ['good.service'] });
  assert.deepEqual(results, [{ services: [{ name: 'good.service', restarted: true, state: 'active', text: '' }] }]);
  assert.deepEqual(called(), ['systemctl restart -- good.service', 'systemctl is-active -- good.service']);
  const failed = await order('restart_services', { services: ['good.service', 'bad.service'] }, 'failed');
  assert.equal(failed.reason.code, 'system.not_restarted');
  assert.equal(failed.results[0].services[1].text, 'Unit bad.service not found.');
  const { status, body } = await api.request('POST', '/api/v1/commands',
    { type: 'restart_services', agent_ids: [agent.id], parameters: { services: ['-x'] } }, { allowProblem: true });
  assert.equal(status, 422);
  assert.equal(body.field, '/parameters/services/0');
});

test('a restart is taken back by another order', async () => {
  standIn.forget();
  const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'reboot', agent_ids: [agent.id], parameters: { delay_min: 60, message: 'soon' } });
  await until(() => called().length === 1, 'shutdown to be called');
  assert.deepEqual(called(), ['shutdown -r -- +60 soon']);
  await order('cancel_reboot', {});
  assert.equal(called()[1], 'shutdown -c');
  const { results: [nothing] } = await order('cancel_reboot', {});
  assert.deepEqual(nothing, { reboot_cancelled: false });
  const { reason } = await ended(id, 'cancelled');
  assert.equal(reason.code, 'reboot.cancelled');
});

test('a restart has succeeded when the machine is back under another boot id, and not before', async () => {
  standIn.forget();
  const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'reboot', agent_ids: [agent.id], parameters: { delay_min: 1 } });
  await until(() => called().length === 1, 'shutdown to be called');
  await order('restart_services', { services: ['good.service'] });  // nothing else waits for it
  assert.equal((await api.get(`/api/v1/commands/${id}`)).state, 'running');
  // Down, and up again.
  await agent.process.stop();
  await agent.executor.stop();
  standIn.nextBoot();
  await agent.startExecutor();
  agent.start();
  const command = await ended(id, 'succeeded');
  assert.deepEqual(command.results, [{ delay_min: 1, boot_id: standIn.boot, kernel: os.release() }]);
  await agentShows(api, agent.id, 'the new boot', (shown) => shown.boot_id === standIn.boot);
});

// Somebody else is in the middle of writing to the executor's journal, and does not end.
async function holdJournal() {
  const file = path.join(agent.executorState, 'journal.sqlite');
  assert.ok(fs.existsSync(file), file);
  const holder = new Program('who holds the journal', ['python3', '-c', `import sqlite3, time
journal = sqlite3.connect(${JSON.stringify(file)}, isolation_level=None)
journal.execute('BEGIN IMMEDIATE')
print('held', flush=True)
time.sleep(600)`]);
  await holder.says(/held/);
  return holder;
}

test('an error of the executor itself is among the errors of the server, and the order that it could not take is carried out later', async () => {
  standIn.forget();
  const began = Date.now();
  const holder = await holdJournal();
  const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'restart_services', agent_ids: [agent.id], parameters: { services: ['good.service'] } });
  const found = async () => (await api.get(`/api/v1/errors?source=agent&agent_id=${agent.id}&subsystem=executor&code=order.not_taken`)).items[0];
  const error = await until(found, 'the error among those of the server', 60_000, () => agent.process.output.slice(-2000) + agent.executor.output.slice(-2000));
  assert.deepEqual([error.subsystem, error.code, error.severity, error.agents], ['executor', 'order.not_taken', 'error', 1]);
  const { rows: [row, ...more] } = await api.get(`/api/v1/errors/${error.id}`);
  assert.deepEqual([row.agent_id, row.command_id, more.length], [agent.id, null, 0], 'it is the machine\'s, and no order\'s result');
  assert.match(row.text, /journal\.sqlite: database is locked/);
  const at = Date.parse(row.last_at);
  assert.ok(at > began - 1_000 && at < Date.now() + 1_000, row.last_at);
  assert.equal((await api.get(`/api/v1/commands/${id}`)).state, 'delivered');
  assert.deepEqual(called(), []);

  await holder.stop('SIGKILL');
  await order('scan', { plugins: ['system'] });  // the agent is rung, and asks for what it could not hand on, too
  await ended(id, 'succeeded');
  assert.deepEqual(called(), ['systemctl restart -- good.service', 'systemctl is-active -- good.service']);
});

const kSome = 'available,cleared,approved,planned,awaiting_confirmation,installing,installed,verified,failed,resolved_elsewhere';
const update = async (one, name) => (await api.get(`/api/v1/updates/rows?agent_id=${one.id}&name=${name}&state=${kSome}`)).items[0];

async function reaches(one, name, state) {
  let row;
  return until(async () => {
    row = await update(one, name);
    return row?.state === state ? row : null;
  }, `${name} of ${one.name} to be ${state}`, 90_000, () => JSON.stringify(row) + one.process.output.slice(-1500) + agent.executor.output.slice(-1500));
}

// Who approved updates of this machine, each time.
const approvers = async (one) => (await api.get(`/api/v1/agents/${one.id}/history?limit=200`)).items
  .filter(({ kind }) => kind === 'update.approved').map(({ actor }) => actor).sort();

const kAtOnce = { managers: ['apt'], lines: [{ after_hours: 0 }] };
let outside;  // offered the same updates, and in no group at first; it has no executor, for nothing is to be installed there
let client;
let group;
let policy;

test('a policy of a group installs on its machines and on no other, and approves nothing of one that has left', async () => {
  outside = fleet.enrol('outside', `version: 1
mode: act
schedule: {jitter: 0s}
isolation: best
plugins:
  apt: {settings: {root: "${sandbox}/root", cache_dir: "${fleet.folder}/outside-cache"}}
`, { act: true });
  outside.start();
  for (const one of [agent, outside]) {
    for (const name of ['redflag-demo', 'redflag-demo-lib', 'redflag-demo-broken'])
      await until(async () => (await update(one, name))?.approvable, `${name} of ${one.name} to be there to be approved`, 60_000, () => one.process.output.slice(-1500));
  }
  [client] = (await api.get('/api/v1/clients')).items;
  group = await api.post('/api/v1/groups', { client_id: client.id, name: 'First', agent_ids: [agent.id] });
  const terms = { ...kAtOnce, name: 'First ring', action: 'install', include: ['redflag-demo-lib'] };
  const reach = await api.post('/api/v1/approval-policies?preview=1', { ...terms, group_id: group.id });
  assert.deepEqual([reach.updates, reach.agents], [1, 1]);
  policy = await api.post('/api/v1/approval-policies', { ...terms, group_id: group.id });
  const { id } = await reaches(agent, 'redflag-demo-lib', 'verified');
  assert.equal(runToEnd(['dpkg-query', `--admindir=${sandbox}/root/var/lib/dpkg`, '-W', '-f', '${Version}', 'redflag-demo-lib']).stdout, '2.1');
  const { approval, commands } = await api.get(`/api/v1/updates/${id}`);
  assert.deepEqual([approval.by, commands.map(({ type, actor }) => [type, actor])],
    ['policy First ring', [['plan_updates', 'policy First ring'], ['install_updates', 'policy First ring']]]);
  // All machines are judged at once: what was not approved with it is not to be approved.
  assert.equal((await update(outside, 'redflag-demo-lib')).state, 'available');
  assert.deepEqual([await approvers(agent), await approvers(outside)], [['policy First ring'], []]);

  // Off in between, so that no machine meets the terms that are not for it.
  const next = { ...terms, action: 'approve', include: ['redflag-demo'] };
  await api.request('PUT', `/api/v1/approval-policies/${policy.id}`, { ...next, enabled: false });
  await api.request('PUT', `/api/v1/groups/${group.id}`, { name: 'First', agent_ids: [outside.id] });
  await api.request('PUT', `/api/v1/approval-policies/${policy.id}`, next);
  await reaches(outside, 'redflag-demo', 'cleared');
  assert.equal((await update(agent, 'redflag-demo')).state, 'available', 'it has left');
  assert.deepEqual([await approvers(agent), await approvers(outside)], [['policy First ring'], ['policy First ring']]);
});

test('what a policy of a group excludes is held back from its machines, whatever their client approves, until they leave', async () => {
  await api.request('PUT', `/api/v1/approval-policies/${policy.id}`,
    { ...kAtOnce, name: 'First ring', action: 'approve', include: ['redflag-demo'], exclude: ['redflag-demo-broken'] });
  const everybody = await api.post('/api/v1/approval-policies',
    { ...kAtOnce, client_id: client.id, name: 'Everybody', action: 'approve', include: ['redflag-demo-broken'] });
  await reaches(agent, 'redflag-demo-broken', 'cleared');
  assert.equal((await update(outside, 'redflag-demo-broken')).state, 'available');
  assert.deepEqual(await approvers(outside), ['policy First ring']);

  await api.request('PUT', `/api/v1/groups/${group.id}`, { name: 'First', agent_ids: [] });
  await reaches(outside, 'redflag-demo-broken', 'cleared');
  assert.deepEqual(await approvers(outside), ['policy Everybody', 'policy First ring']);

  await api.request('DELETE', `/api/v1/groups/${group.id}`);
  assert.deepEqual((await api.get('/api/v1/approval-policies')).items.map(({ name }) => name), ['Everybody'], 'its policy went with it');
  await api.request('DELETE', `/api/v1/approval-policies/${everybody.id}`);
  await outside.process.stop();
});

test('package lists are fetched anew, and the machine looks again by itself', async () => {
  const lists = path.join(sandbox, 'root/var/lib/apt/lists');
  for (const name of fs.readdirSync(lists)) fs.rmSync(path.join(lists, name), { recursive: true });
  fs.mkdirSync(path.join(lists, 'partial'));
  const command = await order('refresh', { manager: 'apt' });
  const { sources } = command.results[0];
  assert.ok(sources.length >= 2 && sources.every((source) => source.status === 'fetched'), JSON.stringify(sources));
  assert.ok(fs.readdirSync(lists).some((name) => name.endsWith('InRelease')));
  await until(async () => (await api.get(`/api/v1/updates/rows?agent_id=${agent.id}&name=redflag-demo`)).total > 0, 'the update to be found again', 60_000);
  fs.rmSync(path.join(sandbox, 'repo/dists/stable-security'), { recursive: true });
  const failed = await order('refresh', { manager: 'apt' }, 'failed');
  assert.equal(failed.reason.code, 'apt.refresh_failed');
  assert.match(failed.reason.text, /stable-security/);
});

test('diagnostics come from the agent itself and hold no secret', async () => {
  const [found] = (await order('collect_diagnostics', { log_lines: 100 })).results;
  assert.equal(found.agent.mode, 'act');
  assert.deepEqual(found.agent.plugins.map((plugin) => [plugin.id, plugin.breaker.state]),
    [['apt', 'closed'], ['storage', 'closed'], ['system', 'closed']]);
  assert.equal(found.machine.kernel, os.release());
  assert.ok(found.log.some((line) => /HISTORY .* action=kernel\/diagnostics from=- to=accepted /.test(line)), JSON.stringify(found.log));
  assert.ok(found.log.length <= 100);
  const text = JSON.stringify(found);
  for (const file of fs.readdirSync(path.join(agent.folder, 'state/identity'))) {
    const kept = fs.readFileSync(path.join(agent.folder, 'state/identity', file), 'utf8');
    for (const [secret] of kept.matchAll(/[A-Za-z0-9_+/=-]{43,}/g)) assert.ok(!text.includes(secret), `${file} is in it`);
  }
});

test('the server sets what the owner leaves to it, and nothing else', async () => {
  const set = (settings, wanted) => order('configure', { settings }, wanted);
  const effective = (key) => JSON.parse(runToEnd(agent.command('status', '--format', 'json')).stdout)
    .plugins.find((plugin) => plugin.id === key).next_scan_at;
  const { results } = await set({ schedule: { every: '45m' }, plugins: { storage: { every: '5m' } } });
  assert.deepEqual(results[0].settings, [
    { key: 'plugins.storage.every', in_force: false, text: 'agent.yaml says so itself, which counts' },
    { key: 'schedule.every', in_force: true, text: '' }]);
  const minutes = (Date.parse(effective('system')) - Date.now()) / 60_000;
  assert.ok(minutes < 46, `the system is scanned in ${minutes} min`);
  for (const settings of [{ mode: 'report' }, { policy: { allow: [] } }, { plugins: { apt: { capabilities: ['root'] } } }]) {
    assert.equal((await set(settings, 'refused')).reason.code, 'policy');
  }
  assert.match((await set({ schedule: { every: 'often' } }, 'failed')).reason.text, /schedule\.every/);
});

test('watching closely measures more often for a while', async () => {
  const before = await agentShows(api, agent.id, 'the agent', () => true);
  const { results } = await order('rapid_mode', { minutes: 1, every_s: 10 });
  assert.deepEqual(results[0].plugins, ['storage', 'system'].filter((id) => results[0].plugins.includes(id)));
  assert.ok(results[0].plugins.includes('system'));
  await until(async () => Date.parse((await api.get(`/api/v1/agents/${agent.id}`)).last_scan.at) > Date.parse(before.last_scan.at) + 5_000,
    'a scan that the schedule does not have', 30_000);
});

test('an agent that cannot update itself says so', async () => {
  const { reason } = await order('update_agent', {}, 'refused');
  assert.match(reason.text, /not yet able/);
});
