// What needs a machine that really boots: one in qemu, with systemd, GRUB, dpkg and two of Debian's kernels, our broker and
// executor as services, and a real server. Everything is ordered through the API and looked up twice: by what the agent
// reports, and on the machine's serial console. The other tests of restarts use lib/stand_in.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { Guest, kThisMachine } from './lib/guest.mjs';
import { cleanUp, freePort, program, runToEnd, sleep, until } from './lib/processes.mjs';

const kSlowMs = 600_000;  // one vCPU in software, some thirty times slower than this machine, which may be busy as well
const kBootMs = 600_000;
const kGreeter = 'demo-greeter.service';

const guest = new Guest('boot');
const fleet = new Fleet('boot-server');
let api;
let id;
let takenBackAt;
let broken = false;

after(async () => {
  guest.stop();
  await cleanUp();
});

// One builds on the other: after one that fails the rest would only wait.
function step(name, run) {
  test(name, async (context) => {
    if (broken) return context.skip('one before it failed');
    broken = true;
    const began = Date.now();
    await run();
    broken = false;
    return context.diagnostic(`${Math.round((Date.now() - began) / 1000)} s`);
  });
}

const shows = (what, check, timeoutMs = kSlowMs) => agentShows(api, id, what, check, timeoutMs);
const fact = (agent, name) => agent.facts.find((one) => one.name === name)?.value;
const services = async () => (await api.get(`/api/v1/agents/${id}/records?kind=service/1`)).items.map(({ fields }) => fields);
const greeters = () => guest.all(/GREETER pid=(\d+) says=(\S+)/g).map(([, pid, says]) => ({ pid, says }));

async function place(type, parameters) {
  const { items } = await api.post('/api/v1/commands', { type, agent_ids: [id], parameters });
  return items[0].id;
}

async function ended(command, wanted = 'succeeded', timeoutMs = kSlowMs) {
  let shown;
  await until(async () => {
    shown = await api.get(`/api/v1/commands/${command}`);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(shown.state);
  }, `${shown?.type} ${command} to end`, timeoutMs, () => JSON.stringify(shown) + guest.tail());
  assert.equal(shown.state, wanted, JSON.stringify(shown) + guest.tail());
  return shown;
}

const order = async (type, parameters, wanted) => ended(await place(type, parameters), wanted);

async function update(name) {
  for (const filter of ['', '&state=verified']) {
    const found = (await api.get(`/api/v1/updates/rows?name=${name}${filter}`)).items.find((row) => row.name === name);
    if (found) return found;
  }
  return undefined;
}

async function reaches(name, state, timeoutMs = kSlowMs) {
  let row;
  return until(async () => {
    row = await update(name);
    if (row?.state === 'failed') throw new Error(`${name} failed: ${JSON.stringify(row)}${guest.tail()}`);
    return row?.state === state && row;
  }, `${name} to be ${state}`, timeoutMs, () => JSON.stringify(row) + guest.tail());
}

const approve = async (name) => api.post('/api/v1/approvals', { update_ids: [(await update(name)).id] });

// Orders a restart in a minute, and answers the order once the machine is back in another boot and has said so.
async function restart(wanted) {
  const before = guest.boots().at(-1);
  const command = await place('reboot', { delay_min: 1, message: 'Updates are waiting' });
  const shown = await ended(command, wanted, 60_000 + kBootMs);
  const now = guest.boots().at(-1);
  assert.notEqual(now.id, before.id);
  assert.deepEqual(shown.results, [{ delay_min: 1, boot_id: now.id, kernel: now.kernel }]);
  await shows('the new boot', (agent) => agent.boot_id === now.id && agent.connection === 'connected');
  return shown;
}

before(async () => {
  await guest.make();
  fleet.names = [kThisMachine];
  fleet.port = await freePort();
  await fleet.startServer();
  api = await fleet.signIn();
  guest.start(runToEnd([program('redflag-server'), 'token', 'create', '--data', fleet.data]).stdout);
});

step('a machine that starts for the first time enrols, and each of its plugins is scanned within all walls', async () => {
  await guest.says(/GUEST boot=/, kBootMs);
  id = (await until(async () => (await api.get('/api/v1/agents')).items[0], 'an agent', kSlowMs, () => guest.tail())).id;
  const agent = await shows('its plugins', (shown) => shown.plugins.length === 2 && shown.plugins.every(({ last_scan: scan }) => scan));
  assert.equal(agent.isolation, 'full');
  assert.deepEqual(guest.boots(), [{ id: agent.boot_id, kernel: guest.oldKernel }]);
  assert.equal(fact(agent, 'kernel.running'), guest.oldKernel);
  assert.equal(fact(agent, 'kernel.installed'), guest.oldKernel);
  assert.equal(fact(agent, 'reboot.required'), 0);
});

step('a unit that has failed is shown, with why, and nothing else is', async () => {
  assert.deepEqual(await services(),
    [{ name: 'demo-failing.service', state: 'failed', reason: 'A service that always fails: exit-code, status 3' }]);
});

step('package lists are fetched, and what they offer is found', async () => {
  await order('refresh', { manager: 'apt' });
  const kernel = await reaches('linux-image-cloud-amd64', 'available');
  assert.equal(kernel.needs_reboot, true);
  assert.equal(kernel.category, 'security');
  assert.equal((await reaches('demo-greeting', 'available')).needs_reboot, null);
});

step('a service that runs on with the old library after its update is named', async () => {
  assert.deepEqual(greeters().map(({ says }) => says), ['1.0']);
  await approve('demo-greeting');
  await reaches('demo-greeting', 'verified');
  await order('scan', { plugins: ['system'] });
  const outdated = (await services()).filter((service) => service.needs_restart);
  assert.deepEqual(outdated.map(({ name, state, packages }) => ({ name, state, packages })),
    [{ name: kGreeter, state: 'running', packages: ['demo-greeting'] }]);
  assert.match(outdated[0].reason, /libdemo-greeting\.so\.1/);
});

step('restarted, it is another process with the new library, and no longer named', async () => {
  const { results } = await order('restart_services', { services: [kGreeter] });
  assert.deepEqual(results, [{ services: [{ name: kGreeter, restarted: true, state: 'active', text: '' }] }]);
  await guest.says(/GREETER pid=\d+ says=1\.1/, kSlowMs);
  const [first, second] = greeters();
  assert.notEqual(first.pid, second.pid);
  // Restarting is proven by a scan that nobody ordered.
  await until(async () => (await services()).every((service) => !service.needs_restart), 'a scan after it', kSlowMs, () => guest.tail());
});

step('a service that does not come up is said not to have been restarted', async () => {
  const { reason, results } = await order('restart_services', { services: ['demo-failing.service'] }, 'failed');
  assert.equal(reason.code, 'system.not_restarted');
  assert.equal(results[0].services[0].state, 'failed');
});

step('a restart that is taken back is announced, and does not happen', async () => {
  const command = await place('reboot', { delay_min: 2, message: 'Nobody will see this happen' });
  await guest.says(/Broadcast message from root@guest[^]*Nobody will see this happen[^]*reboot at/, kSlowMs);
  const since = Date.now();
  await order('cancel_reboot', {});
  assert.equal((await ended(command, 'cancelled')).reason.code, 'reboot.cancelled');
  await guest.says(/system shutdown has been cancelled/i, kSlowMs);
  takenBackAt = since;
});

step('a new kernel is installed, and waits for a restart', async () => {
  await approve('linux-image-cloud-amd64');
  // It comes as a package of its own name, which nobody approved yet.
  const waiting = await reaches('linux-image-cloud-amd64', 'awaiting_confirmation');
  const plan = await api.get(`/api/v1/commands/${waiting.command_id}`);
  assert.deepEqual(plan.extras.map(({ name }) => name), [`linux-image-${guest.newKernel}`]);
  assert.equal(plan.plan.needs_reboot, true);
  await api.post(`/api/v1/commands/${waiting.command_id}/confirm`);
  await reaches('linux-image-cloud-amd64', 'awaiting_reboot', 2 * kSlowMs);
  await order('scan', { plugins: ['system'] });
  const agent = await shows('the need of a restart', (shown) => fact(shown, 'reboot.required') === 1);
  assert.equal(fact(agent, 'kernel.running'), guest.oldKernel);
  assert.equal(fact(agent, 'kernel.installed'), guest.newKernel);
  assert.deepEqual([fact(agent, 'reboot.reasons')].flat(), [`kernel ${guest.newKernel}`]);
  assert.deepEqual((await api.get('/api/v1/agents?reboot=pending')).items.map((one) => one.id), [id]);
});

step('the restart that was taken back has not happened', async () => {
  await sleep(Math.max(0, takenBackAt + 125_000 - Date.now()));
  assert.equal(guest.boots().length, 1);
});

step('restarted, the machine is back with the new kernel, which proves the update', async () => {
  await restart('succeeded');
  assert.equal(guest.boots().at(-1).kernel, guest.newKernel);
  await reaches('linux-image-cloud-amd64', 'verified');
});

step('after a restart everything is looked at anew, though nothing is due', async () => {
  const booted = guest.boots().at(-1);
  const agent = await shows('a scan of this boot', (shown) => fact(shown, 'kernel.running') === booted.kernel && fact(shown, 'reboot.required') === 0);
  assert.equal((await api.get('/api/v1/agents?reboot=pending')).total, 0);
  assert.equal(agent.isolation, 'full');
  assert.deepEqual((await services()).map(({ name, state }) => ({ name, state })), [{ name: 'demo-failing.service', state: 'failed' }]);
  const [diagnostics] = (await order('collect_diagnostics', { log_lines: 20 })).results;
  const { spool } = diagnostics.agent;
  // What it had to tell it has told. There may be this order's own acceptance and start, and its status of the moment.
  assert.ok(spool.items <= 3 && !spool.full, JSON.stringify(spool));
});

step('a machine that comes back with another kernel than the newest is not called done', async () => {
  await approve('demo-boot-menu');
  await reaches('demo-boot-menu', 'verified');
  const { reason } = await restart('failed');
  assert.equal(reason.code, 'reboot.other_kernel');
  assert.equal(guest.boots().at(-1).kernel, guest.oldKernel);
  const agent = await shows('a scan of this boot', (shown) => fact(shown, 'kernel.running') === guest.oldKernel);
  assert.equal(fact(agent, 'reboot.required'), 1);
});
