// Rows A6 and F4: an agent's folder on another machine, images, and the change of the server's own authority. Machines
// are mount namespaces that see another machine-id, board, disks and interfaces.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Agent, Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, Program, program, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';

after(cleanUp);

const kYaml = 'version: 1\nisolation: best\nplugins: {system: {}}\n';

function put(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

// The devices of a machine that has this TPM, for a mount namespace.
const withTpm = (at, socket) => `mkdir -p ${at}
    mount -t tmpfs devices ${at}
    cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty ${at}
    mkdir ${at}/shm ${at}/pts
    mount --bind /dev/shm ${at}/shm
    ln -s /proc/self/fd ${at}/fd
    ln -s ${socket} ${at}/tpmrm0
    mount --rbind ${at} /dev`;

// A TPM in software; its folder is its chip.
async function newTpm(fleet, name) {
  const folder = path.join(fleet.folder, name);
  fs.mkdirSync(folder);
  const socket = path.join(folder, 'sock');
  const chip = new Program(name, ['swtpm', 'socket', '--tpm2', '--tpmstate', `dir=${folder}`, '--server', `type=unixio,path=${socket}`, '--flags', 'not-need-init,startup-clear']);
  await until(() => fs.existsSync(socket), `${name}'s socket`, 10_000, () => chip.output);
  return socket;
}

// A command that starts others on that machine. `parts`: what differs from the one called `name`; `tpm`: the socket of its TPM.
function machine(fleet, name, { tpm = null, ...parts } = {}) {
  const at = path.join(fleet.folder, 'machines', `${name}-${Object.keys(parts).join('-')}`);
  const has = { id: `${name}-id`, uuid: `${name}-uuid`, board: `${name}-board`, disk: `${name}-disk`, nic: `${name}-nic`, ...parts };
  put(path.join(at, 'machine-id'), `${has.id}\n`);
  put(path.join(at, 'class/dmi/id/product_uuid'), `${has.uuid}\n`);
  put(path.join(at, 'class/dmi/id/board_serial'), `${has.board}\n`);
  put(path.join(at, 'class/dmi/id/product_serial'), 'To be filled by O.E.M.\n');
  put(path.join(at, 'class/net/eth0/device/vendor'), '');
  put(path.join(at, 'class/net/eth0/addr_assign_type'), '0\n');
  put(path.join(at, 'class/net/eth0/address'), `${has.nic}\n`);
  put(path.join(at, 'block/vda/serial'), `${has.disk}\n`);
  put(path.join(at, 'block/vda/device/vendor'), '');
  return ['unshare', '--mount', '--uts', '/bin/sh', '-c', `set -e; hostname ${name}
    mount --bind ${at}/machine-id /etc/machine-id
    mount --bind ${at}/class /sys/class
    mount --bind ${at}/block /sys/block
    ${tpm === null ? '' : withTpm(`${at}/dev`, tpm)}
    exec "$@"`, name];
}

function newAgent(fleet, name, on, yaml = kYaml) {
  const folder = path.join(fleet.folder, name);
  fs.mkdirSync(path.join(folder, 'state'), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(folder, 'agent.yaml'), yaml);
  const agent = new Agent(name, folder, path.join(build, 'plugins'), false);
  agent.under = on;
  return agent;
}

function enrol(agent, bundle, ...more) {
  const done = runToEnd([...agent.under, ...agent.command('enroll', '--bundle-stdin', '--format', 'json', ...more)],
    { input: bundle, allowFailure: true });
  return { status: done.status, id: done.status === 0 ? JSON.parse(done.stdout).agent_id : null, text: done.stderr };
}

const token = (fleet, ...more) => runToEnd([program('redflag-server'), 'token', 'create', '--data', fleet.data, ...more]).stdout;

function copyOf(fleet, agent, name, on) {
  const folder = path.join(fleet.folder, name);
  fs.cpSync(agent.folder, folder, { recursive: true, filter: (file) => !file.endsWith('.sock') });
  fs.chmodSync(path.join(folder, 'state'), 0o700);
  fs.rmSync(path.join(folder, 'state/run'), { recursive: true, force: true });
  const copy = new Agent(name, folder, agent.plugins, false);
  copy.under = on;
  return copy;
}

const comesTo = (agent, state) => until(() => agent.status()?.link?.state === state, `${agent.name} ${state}`, 40_000,
  () => JSON.stringify(agent.status()?.link) + agent.process.output.slice(-1500));

test('A6: a folder that was copied to another machine is of no use there, and a person binds the machine anew', async () => {
  const fleet = new Fleet('copied');
  await fleet.startServer();
  const api = await fleet.signIn();
  const first = newAgent(fleet, 'first', machine(fleet, 'alpha'));
  first.id = enrol(first, token(fleet)).id;
  assert.ok(first.id);
  first.start();
  await comesTo(first, 'connected');
  assert.equal(first.status().link.binding.text, 'bound to 3 of 5 of machine-id, product-uuid, board-serial, disks, nics');
  await first.process.stop();

  // The same disk image, machine-id included, on other hardware.
  const copy = copyOf(fleet, first, 'copy', machine(fleet, 'beta', { id: 'alpha-id' }));
  const keyFile = path.join(copy.folder, 'state/identity/key.json');
  const before = fs.readFileSync(keyFile, 'utf8');
  copy.start();
  await comesTo(copy, 'not_bound');
  assert.match(copy.status().link.last_error, /does not open here \(bound to 3 of 5/);
  const shown = runToEnd(copy.command('status')).stdout;
  assert.match(shown, /not_bound/);
  assert.match(shown, /re-bound on the server/);
  assert.equal(enrol(copy, token(fleet)).status, 3, 'another agent it becomes only when it is told to');
  assert.equal(fs.readFileSync(keyFile, 'utf8'), before, 'the key is left as it is');
  assert.equal((await api.get('/api/v1/agents')).items.length, 1, 'and reports nothing as another agent');

  const offered = await api.post(`/api/v1/agents/${first.id}/rebind`, { reason: 'the board was replaced' });
  const rebound = enrol(copy, offered.bundle);
  assert.equal(rebound.id, first.id, rebound.text);
  await comesTo(copy, 'connected');
  assert.equal(copy.status().link.agent_id, first.id);
  assert.equal(enrol(newAgent(fleet, 'thief', machine(fleet, 'gamma')), offered.bundle).status, 3, 'once only');

  // Where it came from, the key is nobody's now.
  first.start();
  await comesTo(first, 'refused');
  const history = (await api.get(`/api/v1/agents/${first.id}/history?limit=100`)).items;
  const kinds = history.map((entry) => entry.kind);
  assert.ok(kinds.includes('agent.rebind_allowed') && kinds.includes('agent.rebound'), kinds.join());
  assert.ok(history.some((entry) => entry.text.includes('the board was replaced')));
  await assert.rejects(api.post(`/api/v1/agents/${first.id}/rebind`, { reason: ' ' }));
  await fleet.server.stop();
});

test('A6: a part that is replaced locks nobody out, and the next one neither', async () => {
  const fleet = new Fleet('replaced');
  await fleet.startServer();
  const agent = newAgent(fleet, 'agent', machine(fleet, 'alpha'));
  assert.ok(enrol(agent, token(fleet)).id);
  const parts = {};
  for (const part of ['disk', 'board', 'nic', 'uuid']) {
    parts[part] = `new-${part}`;
    agent.under = machine(fleet, 'alpha', parts);
    agent.start();
    await comesTo(agent, 'connected');
    await agent.process.stop();
  }
  await fleet.server.stop();
});

test('A6: where there is a TPM, the folder and every number of the machine are of no use without it', async () => {
  const fleet = new Fleet('tpm');
  await fleet.startServer();
  const api = await fleet.signIn();
  const [own, others] = [await newTpm(fleet, 'tpm-one'), await newTpm(fleet, 'tpm-two')];
  const first = newAgent(fleet, 'first', machine(fleet, 'alpha', { tpm: own }));
  first.id = enrol(first, token(fleet)).id;
  assert.ok(first.id);
  first.start();
  await comesTo(first, 'connected');
  assert.match(first.status().link.binding.text, /^bound to the TPM and 3 of 5 of /);
  await first.process.stop();
  const seen = (await api.get(`/api/v1/agents/${first.id}`)).last_seen_at;

  // The disk, and a machine that says the same of all its parts: with another TPM, and with none.
  for (const [name, parts] of [['other-tpm', { tpm: others }], ['no-tpm', {}]]) {
    const copy = copyOf(fleet, first, name, machine(fleet, 'alpha', parts));
    copy.start();
    await comesTo(copy, 'not_bound');
    assert.match(copy.status().link.last_error, /does not open here \(bound to the TPM and 3 of 5/);
    await copy.process.stop();
  }
  assert.equal((await api.get(`/api/v1/agents/${first.id}`)).last_seen_at, seen);

  first.under = machine(fleet, 'alpha', { tpm: own, disk: 'a-new-disk' });
  first.start();
  await comesTo(first, 'connected');
  await first.process.stop();
  await fleet.server.stop();
});

test('A6: copies of a prepared image become agents of their own, and none while the agent runs', async () => {
  const fleet = new Fleet('image');
  await fleet.startServer();
  const api = await fleet.signIn();
  const yaml = (folder) => `${kYaml}server: {enrolment_file: "${folder}/enrolment"}\n`;
  const golden = newAgent(fleet, 'golden', machine(fleet, 'alpha'), yaml(path.join(fleet.folder, 'golden')));
  const goldenId = enrol(golden, token(fleet)).id;
  golden.start();
  await comesTo(golden, 'connected');
  const bundleFile = path.join(fleet.folder, 'bundle');
  fs.writeFileSync(bundleFile, token(fleet, '--seats', '2'));
  const prepare = () => runToEnd([...golden.under, ...golden.command('prepare-image', '--enrolment', bundleFile)], { allowFailure: true });

  const refused = prepare();
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /stop it first/);
  await golden.process.stop();
  const done = prepare();
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /removed .*identity {2}\(the agent's key, and who it is\)/);
  assert.match(done.stdout, /Copies of this machine enrol by/);
  assert.deepEqual(fs.readdirSync(path.join(golden.folder, 'state')), []);
  assert.ok(fs.existsSync(path.join(golden.folder, 'agent.yaml')));

  const ids = new Set([goldenId]);
  for (const name of ['beta', 'gamma']) {
    const copy = copyOf(fleet, golden, name, machine(fleet, name));
    fs.writeFileSync(path.join(copy.folder, 'agent.yaml'), yaml(copy.folder));
    copy.start();
    await comesTo(copy, 'connected');
    ids.add(copy.status().link.agent_id);
    assert.ok(!fs.existsSync(path.join(copy.folder, 'enrolment')), 'used and removed');
  }
  assert.equal(ids.size, 3);
  const hosts = (await api.get('/api/v1/agents')).items.map((agent) => agent.hostname).sort();
  assert.deepEqual(hosts, ['alpha', 'beta', 'gamma']);
  await fleet.server.stop();
});

const ca = (fleet, ...argv) => runToEnd([program('redflag-server'), 'ca', ...argv, '--data', fleet.data]).stdout;
const caState = (fleet) => JSON.parse(ca(fleet, 'show', '--format', 'json'));
const markOf = (fleet, role) => caState(fleet).authorities.find((authority) => authority.role === role)?.mark;

function handOut(fleet) {
  fleet.trust.keysCommand('commands', '--add', fleet.trust.describeServer());
  fleet.trust.publish();
}

const authoritiesOf = (agent) => JSON.parse(fs.readFileSync(path.join(agent.folder, 'state/identity/identity.json'), 'utf8')).ca;

test('F4: a new authority takes over without a moment of lost contact, and who was off meanwhile comes back', async () => {
  const fleet = new Fleet('authority');
  await fleet.startServer();
  handOut(fleet);  // with the port that it has
  const agents = ['one', 'two'].map((name) => fleet.enrol(name, kYaml));
  for (const agent of agents) agent.start();
  for (const agent of agents) await comesTo(agent, 'connected');
  const [one, two] = agents;
  const [active, reserve] = [markOf(fleet, 'active'), markOf(fleet, 'reserve')];

  ca(fleet, 'rotate');
  assert.equal(caState(fleet).rotation.published, false);
  await two.process.stop();  // it will know nothing of all this
  handOut(fleet);
  // The list is rung for, and the server waits for the one that is off.
  await until(() => authoritiesOf(one).length === 3, 'three authorities', 60_000, () => one.process.output.slice(-1500));
  await until(() => caState(fleet).rotation.agents_ready === 1, 'one that says so', 60_000, () => JSON.stringify(caState(fleet)));
  assert.equal(caState(fleet).rotation.agents_seen, 2);
  assert.equal(markOf(fleet, 'active'), active);

  // Not seen for longer than it is waited for.
  runToEnd(['sqlite3', path.join(fleet.data, 'redflag.db'), '.timeout 5000', `UPDATE agents SET last_seen_at = 1 WHERE agent_id = '${two.id}'`]);
  await until(() => markOf(fleet, 'active') === reserve, 'the switch', 40_000, () => fleet.server.output.slice(-1500));
  assert.equal(markOf(fleet, 'old'), active);
  await one.process.stop();
  one.start();
  await comesTo(one, 'connected');
  two.start();
  await comesTo(two, 'connected');

  ca(fleet, 'retire');
  handOut(fleet);
  for (const agent of agents) {
    await until(() => authoritiesOf(agent).length === 2, `${agent.name} without the old one`, 60_000, () => agent.process.output.slice(-1500));
    await until(() => agent.status()?.link?.state === 'connected', 'contact', 40_000);
  }
  assert.equal(caState(fleet).authorities.length, 2);
  for (const agent of agents) assert.doesNotMatch(agent.process.output, /no contact|certificate is refused/);
  await fleet.server.stop();
});
