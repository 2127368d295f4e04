// Every command type that the server has, ordered through redflagctl and carried out on a real apt root by a real agent and
// executor; what it did is looked up where it happened. A type without an entry in the table fails the test. Nothing here
// restarts this machine: `shutdown`, `systemctl` and the boot id are stand-ins in a mount namespace of the agent's.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, program, repository, runToEnd, temporaryFolder, until } from './lib/processes.mjs';
import { StandIn } from './lib/stand_in.mjs';

const fleet = new Fleet('command-types');
const sandbox = temporaryFolder('command-types-root');
const home = temporaryFolder('command-types-home');
const standIn = new StandIn();
let api;
let agent;

after(cleanUp);

const yaml = `version: 1
mode: act
schedule: {every: 6h, jitter: 0s}
isolation: best
plugins:
  system:
  apt: {settings: {root: "${sandbox}/root", cache_dir: "${fleet.folder}/apt-cache"}}
policy:
  server_may_set: [schedule]
  allow:
    - {action: "system/*", when: always}
    - {action: apt/refresh, when: always}
    - {action: apt/install, packages: ["*"], when: always}
    - {action: apt/rollback, packages: ["*"], downgrades: any, when: always}
`;

// What redflagctl prints, parsed; what it says instead, where it is refused.
function ctl(...words) {
  const ended = spawnSync(program('redflagctl'), [...words, '--format', 'json'], { env: { PATH: process.env.PATH, HOME: home }, encoding: 'utf8', timeout: 60_000 });
  return { code: ended.status, said: ended.stderr, json: ended.status === 0 && ended.stdout ? JSON.parse(ended.stdout) : null };
}
function done(...words) {
  const { code, said, json } = ctl(...words);
  assert.equal(code, 0, `${words.join(' ')}: ${said}`);
  return json;
}
const order = (type, parameters) => done('commands', 'create', '--type', type, '--agent-ids', agent.id, '--parameters', JSON.stringify(parameters)).items[0].id;

async function ended(id, wanted = 'succeeded') {
  const command = await until(() => {
    const shown = done('commands', 'show', id);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(shown.state) && shown;
  }, `command ${id} to end`, 90_000, () => JSON.stringify(done('commands', 'show', id)) + agent.process.output.slice(-2000) + agent.executor.output.slice(-2000));
  assert.equal(command.state, wanted, JSON.stringify(command));
  return command;
}
const carriedOut = (type, parameters, wanted) => ended(order(type, parameters), wanted);
const newest = (type) => done('commands', 'list', '--agent-id', agent.id, '--type', type, '--limit', '1').items[0];
const installed = (name) => runToEnd(['dpkg-query', `--admindir=${sandbox}/root/var/lib/dpkg`, '-W', '-f', '${Version}', name], { allowFailure: true }).stdout;
const row = (name, states) => done('updates', 'rows', '--name', name, '--state', states).items[0];

const kOrdered = {
  scan: async () => {
    const { results } = await carriedOut('scan', { plugins: ['apt'] });
    const history = done('agents', 'history', agent.id, '--limit', '100').items;
    assert.ok(results[0].scans.length === 1 && history.some(({ kind }) => kind.startsWith('scan.')), JSON.stringify(history.map(({ kind }) => kind)));
  },

  // Both are ordered by approving, and by nothing else.
  plan_updates: async () => {
    const update = await until(() => row('redflag-demo-lib', 'available'), 'the update', 60_000, () => agent.process.output.slice(-2000));
    const refused = ctl('commands', 'create', '--type', 'plan_updates', '--agent-ids', agent.id, '--parameters', '{"manager":"apt","updates":[]}');
    assert.equal(refused.code, 1);
    assert.match(refused.said, /command\.needs_approval/);
    done('approvals', 'create', '--update-ids', update.id);
    const command = await ended((await until(() => newest('plan_updates'), 'a plan', 30_000)).id);
    assert.deepEqual(command.results[0].plan.steps.map(({ name, from, to }) => [name, from, to]), [['redflag-demo-lib', '2.0', '2.1']]);
  },

  install_updates: async () => {
    await ended((await until(() => newest('install_updates'), 'an install', 30_000)).id);
    assert.equal(installed('redflag-demo-lib'), '2.1');
    await until(() => row('redflag-demo-lib', 'verified'), 'a scan that proves it', 60_000, () => agent.process.output.slice(-2000));
  },

  rollback_updates: async () => {
    await carriedOut('rollback_updates', { manager: 'apt', updates: [{ name: 'redflag-demo-lib', arch: 'all', from: '2.1', to: '2.0' }] });
    assert.equal(installed('redflag-demo-lib'), '2.0');
  },

  // After those: what apt fetches from a folder are links to it, which a sealed scanner may not follow.
  refresh: async () => {
    const lists = path.join(sandbox, 'root/var/lib/apt/lists');
    for (const name of fs.readdirSync(lists)) fs.rmSync(path.join(lists, name), { recursive: true });
    fs.mkdirSync(path.join(lists, 'partial'));
    const { results } = await carriedOut('refresh', { manager: 'apt' });
    assert.ok(results[0].sources.every(({ status }) => status === 'fetched'), JSON.stringify(results));
    assert.ok(fs.readdirSync(lists).some((name) => name.endsWith('InRelease')));
  },

  restart_services: async () => {
    const { results } = await carriedOut('restart_services', { services: ['good.service'] });
    assert.equal(results[0].services[0].restarted, true);
    assert.ok(standIn.called().includes('systemctl restart -- good.service'));
  },

  // What waits behind another order is taken out of the agent's hands.
  cancel: async () => {
    const slow = order('restart_services', { services: ['slow.service'] });
    await until(() => done('commands', 'show', slow).state === 'running', 'the one before', 30_000);
    const waiting = order('restart_services', { services: ['good.service'] });
    await until(() => done('commands', 'show', waiting).state === 'accepted', 'the agent to have it', 30_000);
    standIn.forget();
    done('commands', 'cancel', waiting);
    await ended(waiting, 'cancelled');
    const { results } = await ended(newest('cancel').id);
    assert.deepEqual(results, [{ cancelled: true }]);
    await ended(slow);
    assert.ok(!standIn.called().includes('systemctl restart -- good.service'), standIn.called().join());
  },

  // A token proves nobody's presence: a person orders it, and redflagctl says what became of it.
  reboot: async () => {
    const refused = ctl('commands', 'create', '--type', 'reboot', '--agent-ids', agent.id, '--parameters', '{"delay_min":1}');
    assert.equal(refused.code, 1);
    assert.match(refused.said, /session\.step_up_required/);
    const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'reboot', agent_ids: [agent.id], parameters: { delay_min: 1 } });
    await until(() => standIn.called().some((call) => call.startsWith('shutdown -r')), 'shutdown to be called', 30_000);
    await agent.process.stop();
    await agent.executor.stop();
    standIn.nextBoot();
    await agent.startExecutor();
    agent.start();
    const { results } = await ended(id);
    assert.equal(results[0].boot_id, standIn.boot);
  },

  cancel_reboot: async () => {
    const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'reboot', agent_ids: [agent.id], parameters: { delay_min: 60 } });
    await until(() => standIn.called().some((call) => call.startsWith('shutdown -r -- +60')), 'shutdown to be called', 30_000);
    await carriedOut('cancel_reboot', {});
    assert.ok(standIn.called().includes('shutdown -c'));
    assert.equal((await ended(id, 'cancelled')).reason.code, 'reboot.cancelled');
  },

  collect_diagnostics: async () => {
    const { results } = await carriedOut('collect_diagnostics', { log_lines: 50 });
    assert.equal(results[0].agent.mode, 'act');
    assert.ok(results[0].log.length > 0 && results[0].log.length <= 50);
  },

  rapid_mode: async () => {
    const before = done('agents', 'show', agent.id).last_scan.at;
    const { results } = await carriedOut('rapid_mode', { minutes: 1, every_s: 10 });
    assert.ok(results[0].plugins.includes('system'));
    await until(() => done('agents', 'show', agent.id).last_scan.at > before, 'a scan that the schedule does not have', 40_000);
    await carriedOut('rapid_mode', { minutes: 0 });
  },

  configure: async () => {
    const { results } = await carriedOut('configure', { settings: { schedule: { every: '45m' } } });
    assert.deepEqual(results[0].settings, [{ key: 'schedule.every', in_force: false, text: 'agent.yaml says so itself, which counts' }]);
    assert.equal((await carriedOut('configure', { settings: { mode: 'report' } }, 'refused')).reason.code, 'policy');
  },

  // Agents of today say that they cannot.
  update_agent: async () => {
    assert.match((await carriedOut('update_agent', {}, 'refused')).reason.text, /not yet able/);
  },

  rotate_keys: async () => {
    const { results, id } = await carriedOut('rotate_keys', {});
    const entry = done('agents', 'history', agent.id, '--limit', '100').items.find(({ kind }) => kind === 'agent.key_rotated');
    assert.equal(entry.command_id, id);
    assert.ok(entry.text.includes(results[0].key_id), entry.text);
    await carriedOut('scan', { plugins: ['system'] });  // with the new key
    assert.equal(agent.status().link.state, 'connected');
  },
};

before(async () => {
  runToEnd([path.join(repository, 'scripts/make-sandbox'), sandbox]);
  await fleet.startServer();
  api = await fleet.signIn();
  const account = await api.post('/api/v1/service-accounts', { name: 'script', grants: [{ role: 'admin', client_id: null, site_id: null }] });
  const { token } = await api.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'test', expires_in_s: 3600 });
  const login = spawnSync(program('redflagctl'), ['login', '--server', fleet.url, '--ca', path.join(fleet.data, 'ca.pem')],
    { env: { PATH: process.env.PATH, HOME: home }, input: `${token}\n`, encoding: 'utf8' });
  assert.equal(login.status, 0, login.stderr);
  agent = fleet.enrol('agent', yaml, { act: true });
  agent.under = standIn.under;
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 2, 60_000);
});

test('every command type of the server has an entry, and there is no other', () => {
  const types = done('command-types', 'list').items.map(({ type }) => type).sort();
  assert.deepEqual(Object.keys(kOrdered).sort(), types);
});

for (const [type, run] of Object.entries(kOrdered)) test(type, run);
