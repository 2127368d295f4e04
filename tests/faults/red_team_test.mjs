// Row B11: whoever owns the server has its database, its command, snapshot and timestamp keys, and answers whatever it likes. It
// orders what this machine's own YAML allows, and nothing else. Each attempt is named, refused, told to people, and leaves
// the machine as it was; what is allowed runs, by the same hands.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';
import { commandKey, ed25519, fieldsOf, order, planHash } from './lib/envelope.mjs';
import { FalseKernel } from './lib/false_kernel.mjs';
import { ForgedTrust } from './lib/forged_trust.mjs';
import { Middleman } from './lib/middleman.mjs';

let fleet;
let api;
let agent;
let middleman;
let clientId;
let key;
let forged;
const machine = (...names) => path.join(fleet.folder, 'machine', ...names);

// The window that is open holds the next hours; the one that is closed is in three days.
const kDays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const hour = (hours) => `${String((new Date().getHours() + hours + 24) % 24).padStart(2, '0')}:00`;
const kOpen = `Mon-Sun ${hour(-2)}-${hour(4)}`;
const kClosed = `${kDays[(new Date().getDay() + 3) % 7]} 01:00-02:00`;

// Everything that an order could have changed: the machine's packages, its owner's words, plugins, programs, and whom it believes.
function stateOf() {
  const kept = [machine(), path.join(agent.folder, 'agent.yaml'), path.join(fleet.folder, 'plugins'),
    path.join(agent.executorState, 'trust/first.json'), path.join(agent.executorState, 'trust/metadata/root.json'),
    path.join(agent.folder, 'state/trust/first.json'), path.join(agent.folder, 'state/trust/metadata/root.json'),
    path.join(agent.folder, 'state/trust/content'), path.join(agent.folder, 'state/identity/identity.json'),
    path.join(agent.folder, 'state/identity/key.json'), path.join(agent.folder, 'state/server-settings.json'),
    ...['redflag-agent', 'redflag-kernel', 'redflag-executor', 'redflag-host'].map(program)];
  const files = {};
  const look = (file) => {
    const about = fs.lstatSync(file, { throwIfNoEntry: false });
    if (about?.isDirectory()) return fs.readdirSync(file).forEach((name) => look(path.join(file, name)));
    files[file] = about ? `${about.mode} ${createHash('sha256').update(fs.readFileSync(file)).digest('hex')}` : 'absent';
  };
  kept.forEach(look);
  const { agent_id: whose, client_id: client } = JSON.parse(fs.readFileSync(path.join(agent.executorState, 'trust.json'), 'utf8'));
  files.executor = `${whose} of ${client}`;
  files.effective = runToEnd(agent.command('config', 'show', '--effective')).stdout;
  return files;
}

async function leavesTheMachine(attempt) {
  const state = stateOf();
  await attempt();
  assert.deepEqual(stateOf(), state);
}

// One order of the database, with what the attacker makes of it, until the agent has said what became of it.
async function ordered(changes) {
  middleman.alter = (own) => own.map((envelope) => order(agent.id, clientId, key, { command_id: fieldsOf(envelope).command_id, ...changes }));
  try {
    const { id } = (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0];
    let command;
    return await until(async () => {
      command = await api.get(`/api/v1/commands/${id}`);
      return ['refused', 'failed', 'succeeded'].includes(command.state) ? command : null;
    }, 'the end of the order', 40_000, () => JSON.stringify(command) + agent.process.output.slice(-2500));
  } finally {
    middleman.alter = (own) => own;
  }
}

const step = (name, operation, from, to) => ({ operation, name, arch: 'all', from, to });
const update = (name, version) => ({ key: name, name, arch: 'all', version });
// An install as the server would order it; the plan is what the machine itself would come to, or a lie.
const install = (updates, steps, shown = steps) => ({
  command_type: 'install_updates', plan_hash: planHash(steps),
  actions: [{ plugin: 'test.updater', action: 'install', parameters: JSON.stringify({ updates, ...(shown ? { plan: { steps: shown } } : {}) }) }],
});
const action = (plugin, name, parameters = {}) => ({ actions: [{ plugin, action: name, parameters: JSON.stringify(parameters) }] });

const kInstalls = {
  'removal of a package': [[update('nginx', '')], [step('nginx', 'remove', '1', '')], 'policy', /remove of nginx/],
  'downgrade of a package': [[update('nginx', '0')], [step('nginx', 'downgrade', '1', '0')], 'policy', /downgrade of nginx/],
  'a package that the owner denies': [[update('postgres', '2')], [step('postgres', 'upgrade', '1', '2')], 'policy', /by hand/],
  'a package that no line allows': [[update('nobody-said-so', '2')], [step('nobody-said-so', 'install', '', '2')], 'policy', /no allow line/],
  'an allowed package outside of its window': [[update('late-tool', '2')], [step('late-tool', 'upgrade', '1', '2')], 'policy', /only in closed/],
  'an allowed package with a removal beside it': [[update('nginx', '2'), update('curl', '')],
    [step('curl', 'remove', '1', ''), step('nginx', 'upgrade', '1', '2')], 'policy', /remove of curl/],
};

before(async () => {
  fleet = new Fleet('red-team');
  await fleet.startServer();
  api = await fleet.signIn();
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine(), machine('packages'), machine('available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  for (const name of ['nginx', 'curl', 'postgres', 'late-tool']) {
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
windows:
  open: "${kOpen}"
  closed: "${kClosed}"
policy:
  allow:
    - {action: test.updater/install, packages: ["nginx", "curl", "postgres"], when: [open]}
    - {action: test.updater/install, packages: ["late-tool"], when: [closed]}
  deny:
    - {packages: ["postgres"], reason: "the owner does these by hand"}
  server_may_set: []
`, { plugins, act: true });
  middleman = new Middleman(fleet);
  agent.reroute(fleet.port, await middleman.listen());
  await agent.startExecutor();
  agent.start();
  await until(() => middleman.rung > 0, 'the doorbell', 30_000, () => agent.process.output.slice(-2000));
  clientId = (await api.get(`/api/v1/agents/${agent.id}`)).client.id;
  key = commandKey(fleet);
  forged = new ForgedTrust(fleet);
  await until(async () => (await api.get('/api/v1/updates/rows')).items.length === 4, 'the updates', 30_000, () => agent.process.output);
  assert.equal((await ordered({})).state, 'succeeded', 'the stolen command key is believed: all that is refused is refused for something else');
});
after(async () => {
  middleman?.close();
  await cleanUp();
});

for (const [name, [updates, steps, code, reason]] of Object.entries(kInstalls)) {
  test(`B11: ${name} is refused by the kernel, and by the executor for what it plans itself`, () => leavesTheMachine(async () => {
    const honest = await ordered(install(updates, steps));
    assert.deepEqual([honest.state, honest.reason.code], ['refused', code], JSON.stringify(honest.reason));
    assert.match(honest.reason.text, reason);
    // The kernel is shown a harmless plan, or none.
    for (const shown of [[step('nginx', 'upgrade', '1', '2')], null]) {
      const lied = await ordered(install(updates, steps, shown));
      assert.deepEqual([lied.state, lied.reason.code], ['refused', code], JSON.stringify(lied.reason));
      assert.match(lied.reason.text, reason);
    }
  }));
}

test('B11: more than the plan that was signed is refused, whatever the hash claims', () => leavesTheMachine(async () => {
  const more = await ordered(install([update('nginx', '2'), update('curl', '2')], [step('nginx', 'upgrade', '1', '2')]));
  assert.deepEqual([more.state, more.reason.code], ['refused', 'plan_changed'], JSON.stringify(more.reason));
}));

test('B11: repositories, registries, plugins, programs, configuration and commands of its own are nobody\'s actions here', () => leavesTheMachine(async () => {
  for (const [what, changes, reason] of [
    ['a new repository', action('apt', 'add_repository', { url: 'http://evil.example' }), /./],
    ['a new registry', action('docker', 'set_registry', { registry: 'evil.example' }), /./],
    ['an image from there', action('docker', 'install', { updates: [update('evil.example/x', 'latest')] }), /./],
    ['a plugin', action('kernel', 'install_plugin', { url: 'https://evil.example/x.so' }), /not known/],
    ['a command line', action('kernel', 'exec', { argv: ['touch', machine('owned')] }), /not known/],
    ['a script of a plugin', action('test.updater', 'run', { script: 'id' }), /not known/],
    ['the mending of a package database', action('test.updater', 'repair'), /not known/],
    ['a restart', action('system', 'reboot'), /./],
    ['this program itself', action('kernel', 'update', { version: '99.0' }), /update itself/],
    ['the policy', action('kernel', 'configure', { settings: { 'policy.allow': [{ packages: ['*'], when: 'always' }] } }), /./],
    ['the schedule', action('kernel', 'configure', { settings: { 'schedule.every': '1m' } }), /./],
    ['the mode', action('kernel', 'configure', { settings: { mode: 'act' } }), /./],
    ['two actions at once', { actions: [{ plugin: 'kernel', action: 'scan', parameters: '{}' }, { plugin: 'test.updater', action: 'install', parameters: '{}' }] }, /not both/],
  ]) {
    const command = await ordered(changes);
    assert.match(command.state, /^(refused|failed)$/, `${what}: ${JSON.stringify(command)}`);
    assert.match(command.reason.text, reason, what);
  }
}));

test('B11: the executor takes no more from a kernel that is in the same hands', () => leavesTheMachine(async () => {
  const kernel = new FalseKernel(agent);
  for (const [name, [updates, steps, code, reason]] of Object.entries(kInstalls)) {
    const envelope = order(agent.id, clientId, key, install(updates, steps));
    const result = await until(async () => {
      const answer = await kernel.submit(envelope);
      return ['result', 'refused'].includes(answer.event) ? answer : null;
    }, name, 20_000);
    assert.equal(result.code, code, `${name}: ${JSON.stringify(result)}`);
    assert.match(result.text, reason, name);
  }
  for (const changes of [action('kernel', 'configure', {}), action('test.updater', 'run'), action('test.updater', 'repair'), action('apt', 'install'), action('../x', 'install')]) {
    const answer = await kernel.submit(order(agent.id, clientId, key, changes));
    assert.equal(answer.event, 'refused', JSON.stringify(answer));
  }
  kernel.socket.destroy();
}));

test('B11: no bundle puts another trust root in place of the one that is there, and the machine goes on with its own', () => leavesTheMachine(async () => {
  const rogue = new Fleet('rogue');
  await rogue.startServer();
  const other = runToEnd([program('redflag-server'), 'token', 'create', '--data', rogue.data]).stdout.trim();
  const rebind = (await api.post(`/api/v1/agents/${agent.id}/rebind`, { reason: 'please bind this machine anew' })).bundle.trim();
  const read = (bundle) => JSON.parse(Buffer.from(bundle.slice('rfb1.'.length), 'base64url'));
  const write = (content) => `rfb1.${Buffer.from(JSON.stringify(content)).toString('base64url')}`;
  const theirs = read(other);
  for (const [what, bundle] of [
    ['a bundle of another server', other],
    ['a re-bind bundle with the root of another server', write({ ...read(rebind), root_sha256: theirs.root_sha256 })],
    ['the same, and that server behind it', write({ ...read(rebind), ...theirs, rebinds: agent.id })],
    ['a root of the future', write({ ...read(rebind), root_version: 7, root_sha256: theirs.root_sha256 })],
  ]) {
    for (const more of [[], ['--replace']]) {
      const enrolled = runToEnd(agent.command('enroll', '--bundle-stdin', '--executor-state', agent.executorState, ...more), { input: bundle, allowFailure: true });
      assert.equal(enrolled.status, 3, `${what}: ${enrolled.stderr}`);
      assert.match(enrolled.stderr, /trust root.*forget-server/s, what);
    }
  }
  const look = runToEnd(agent.command('forget-server', '--executor-state', agent.executorState), { allowFailure: true });
  assert.equal(look.status, 2);
  assert.match(look.stdout, /would remove.*trust.*Nothing was removed/s);
  assert.equal(runToEnd(agent.command('forget-server', '--yes', '--executor-state', agent.executorState), { allowFailure: true }).status, 3, 'not while it runs');
  await rogue.server.stop();
  assert.equal((await ordered({})).state, 'succeeded');
}));

// The agent says each, and reports that it refuses the repository.
async function told(text) {
  await until(() => agent.process.output.includes(`trust repository is refused: ${text}`), `a refused repository: ${text}`, 30_000,
    () => agent.process.output.slice(-2500));
  await until(async () => (await api.get(`/api/v1/agents/${agent.id}/history?limit=200`)).items
    .some((entry) => entry.kind === 'command.refused' && entry.code === 'trust_refused'), 'a report of it', 30_000);
}

async function serving(answers, attempt) {
  middleman.answers = answers;
  const at = middleman.fetches;
  middleman.ring();
  await until(() => middleman.fetches > at, 'the agent to fetch', 30_000, () => agent.process.output.slice(-1500));
  await attempt();
  middleman.answers = new Map();
}

test('B11: a forged root, a forged list and a forged plugin are refused although the online keys signed them', () => leavesTheMachine(async () => {
  const mine = ed25519();
  const lists = { keys: [{ key_id: createHash('sha256').update(mine.publicKey).digest('hex').slice(0, 16),
    public_key: Buffer.from(mine.publicKey).toString('base64url'), not_before: '2020-01-01T00:00:00Z', not_after: '2090-01-01T00:00:00Z' }] };
  await serving(forged.forgedRoot(), () => told('root: signed by 0'));
  await serving(forged.forgedList(lists), async () => {
    await told('targets: signed by 0');
    const kernel = new FalseKernel(agent);
    const answer = await kernel.submit(order(agent.id, clientId, mine, install([update('nginx', '2')], [step('nginx', 'upgrade', '1', '2')])));
    assert.deepEqual([answer.event, answer.code], ['refused', 'unknown_key']);
    kernel.socket.destroy();
  });
  await serving(forged.forgedList({}, { 'plugins/evil.so': { length: 1, hashes: { sha256: '0'.repeat(64) } } }), () => told('targets: signed by 0'));
  const shown = await api.get('/api/v1/security');
  assert.ok(shown.refusals.length > 0);
}));

test('B11: what the online keys were used for behind the server\'s back shows on the true server, which waits for the offline keys', async () => {
  await until(async () => JSON.stringify(await api.get('/api/v1/security')).includes('was set back to an earlier state'), 'the server to know', 30_000,
    () => agent.process.output.slice(-2500));
  const { id } = (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0];
  middleman.ring();
  fleet.trust.keysCommand('commands', '--restore-epoch', '1');
  fleet.trust.publish();
  const enough = middleman.ringOften();
  await until(async () => (await api.get(`/api/v1/commands/${id}`)).state === 'succeeded', 'orders to flow again', 60_000,
    () => agent.process.output.slice(-2500) + fleet.server.output.slice(-1500)).finally(enough);
});

test('B11: the same hands upgrade what the owner allows, in its window', async () => {
  const state = stateOf();
  const command = await ordered({ ...install([update('nginx', '2')], [step('nginx', 'upgrade', '1', '2')]), restore_epoch: 1 });
  assert.equal(command.state, 'succeeded', JSON.stringify(command));
  assert.equal(fs.readFileSync(machine('packages/nginx'), 'utf8'), '2');
  assert.equal(fs.readFileSync(machine('log'), 'utf8'), 'install begins\ninstalled nginx\n');
  const changed = Object.entries(stateOf()).filter(([file, hash]) => state[file] !== hash).map(([file]) => path.basename(file));
  assert.deepEqual(changed.toSorted(), ['log', 'nginx']);
});
