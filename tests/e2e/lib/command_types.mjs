// Every command type that the server has, ordered through redflagctl and carried out by a real agent and executor on a real
// machine; what it did is looked up where it happened. A machine is a class as in apt_machine.mjs:
//   manager               the plugin that looks after it
//   make(), end()         end() where there is more to end than processes
//   settings(scratch)     of the plugin; `scratch` is a folder of the test's
//   broker                true: plugins run as a user without rights, through the broker
//   update, other         {name, arch, from, to} of two updates that wait; the second is approved and never installed
//   installed(update)     the version that is there, and upgradable(): "name version" of each, both asked of others than us
//   refresh               {before(), after(command, desk)}, or {refused} with the reason why it cannot be
//   rollback              where there is none: {failed: {code, text}, instead(desk)}
// Nothing here restarts this machine: `shutdown`, `systemctl` and the boot id are stand-ins in a mount namespace of the agent's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ctl } from './ctl.mjs';
import { agentShows, Fleet } from './fleet.mjs';
import { cleanUp, until } from './processes.mjs';
import { StandIn } from './stand_in.mjs';

const kEnded = ['succeeded', 'failed', 'refused', 'expired', 'cancelled'];

const yaml = (machine, scratch) => `version: 1
mode: act
schedule: {every: 6h, jitter: 0s}
isolation: best
plugins:
  system:
  ${machine.manager}: {settings: ${JSON.stringify(machine.settings(scratch))}}
policy:
  server_may_set: [schedule]
  allow:
    - {action: "system/*", when: always}
    - {action: ${machine.manager}/refresh, when: always}
    - {action: ${machine.manager}/install, packages: ["*"], when: always}
    - {action: ${machine.manager}/rollback, packages: ["*"], downgrades: any, when: always}
`;

// Who orders, and looks.
class Desk {
  constructor(name, machine) {
    this.machine = machine;
    this.fleet = new Fleet(name);
    this.ctl = new Ctl(name);
    this.standIn = new StandIn();
  }

  async start() {
    await this.machine.make();
    await this.fleet.startServer();
    this.api = await this.fleet.signIn();
    await this.ctl.login(this.api, this.fleet);
    this.agent = this.fleet.enrol('agent', yaml(this.machine, this.fleet.folder), { act: true });
    this.agent.under = this.standIn.under;
    if (this.machine.broker) await this.agent.startBroker();
    await this.agent.startExecutor();
    this.agent.start();
    await agentShows(this.api, this.agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 2, 60_000);
  }

  // What the programs said last, for whoever waited in vain.
  said() {
    return [this.agent.broker, this.agent.process, this.agent.executor].map((program) => program?.output.slice(-2000)).join('\n');
  }

  done(...words) {
    return this.ctl.done(...words);
  }

  order(type, parameters) {
    return this.done('commands', 'create', '--type', type, '--agent-ids', this.agent.id, '--parameters', JSON.stringify(parameters)).items[0].id;
  }

  async reaches(id, states) {
    let command;
    return until(() => {
      command = this.done('commands', 'show', id);
      if (kEnded.includes(command.state) && !states.includes(command.state)) throw new Error(JSON.stringify(command));
      return states.includes(command.state) && command;
    }, `command ${id} to be ${states}`, 90_000, () => JSON.stringify(command) + this.said());
  }

  async ended(id, wanted = 'succeeded') {
    const command = await this.reaches(id, kEnded);
    assert.equal(command.state, wanted, JSON.stringify(command));
    return command;
  }

  carriedOut(type, parameters, wanted) {
    return this.ended(this.order(type, parameters), wanted);
  }

  newest(type) {
    return this.done('commands', 'list', '--agent-id', this.agent.id, '--type', type, '--limit', '1').items[0];
  }

  row(name, states) {
    return this.done('updates', 'rows', '--name', name, '--state', states).items[0];
  }

  waitForRow(name, states) {
    return until(() => this.row(name, states), `${name} to be ${states}`, 60_000, () => JSON.stringify(this.done('updates', 'rows')) + this.said());
  }

  // What stands behind an update's state, once that is this one.
  evidence(id, state) {
    let told;
    return until(() => {
      told = this.done('updates', 'show', id);
      return told.state === state && told;
    }, `update ${id} to be ${state}`, 60_000, () => JSON.stringify(told) + this.said());
  }

  // By which both a plan and an install are ordered, and by nothing else; answers the ids of the two.
  async approve(row) {
    this.done('approvals', 'create', '--update-ids', row.id);
    let told;
    const [plan, install] = await until(() => {
      told = this.done('updates', 'show', row.id);
      assert.notEqual(told.state, 'failed', JSON.stringify(told.reason));
      return told.commands.length === 2 && told.commands;
    }, `${row.name} to be planned`, 60_000, () => JSON.stringify(told) + this.said());
    return { plan: plan.id, install: install.id };
  }
}

// Of every manager, in this order.
const kOfEach = {
  scan: async (desk) => {
    const { manager, update } = desk.machine;
    const { results } = await desk.carriedOut('scan', { plugins: [manager] });
    assert.equal(results[0].scans.length, 1);
    const history = desk.done('agents', 'history', desk.agent.id, '--limit', '100').items;
    assert.ok(history.some(({ kind }) => kind.startsWith('scan.')), JSON.stringify(history.map(({ kind }) => kind)));
    const rows = desk.done('updates', 'rows', '--agent-id', desk.agent.id, '--all').items;
    assert.deepEqual(rows.map(({ name, candidate_version }) => `${name} ${candidate_version}`).sort(), await desk.machine.upgradable());
    const row = rows.find(({ name }) => name === update.name);
    assert.deepEqual([row.arch, row.installed_version, row.candidate_version], [update.arch, update.from, update.to]);
    assert.equal(desk.machine.installed(update), update.from);

    // Of an engine there is no inventory: it says what it always does.
    const inventory = await desk.carriedOut('scan', { plugins: [manager], purpose: 'inventory' });
    const scans = `/api/v1/agents/${desk.agent.id}/scans?limit=100`;
    const kept = await until(async () => (await desk.api.get(scans)).items.find(({ id }) => id === inventory.results[0].scans[0]),
      'the inventory to be taken in', 30_000, () => desk.said());
    assert.deepEqual([kept.purpose, kept.complete], [manager === 'docker' ? 'updates' : 'inventory', true]);
    assert.equal(desk.done('updates', 'rows', '--agent-id', desk.agent.id, '--all').items.length, rows.length, 'it closes no update');
  },

  plan_updates: async (desk) => {
    const { manager, update } = desk.machine;
    assert.match(desk.ctl.refused('commands', 'create', '--type', 'plan_updates', '--agent-ids', desk.agent.id, '--parameters', JSON.stringify({ manager, updates: [] })), /command\.needs_approval/);
    desk.approved = desk.row(update.name, 'available');
    desk.ordered = await desk.approve(desk.approved);
    const { results } = await desk.ended(desk.ordered.plan);
    assert.deepEqual(results[0].plan.steps.map(({ name, arch, from, to }) => [name, arch, from, to]), [[update.name, update.arch, update.from, update.to]]);
  },

  install_updates: async (desk) => {
    const { update } = desk.machine;
    await desk.ended(desk.ordered.install);
    assert.equal(desk.machine.installed(update), update.to);
    const told = await desk.evidence(desk.approved.id, 'verified');
    assert.deepEqual(told.versions, { before: update.from, approved: update.to, after: update.to });
    assert.equal(told.approval.version, update.to);
    assert.deepEqual(told.commands.map(({ id, type, state }) => [id, type, state]),
      [[desk.ordered.plan, 'plan_updates', 'succeeded'], [desk.ordered.install, 'install_updates', 'succeeded']]);
    assert.match(told.commands[1].plan_hash, /^[0-9a-f]{64}$/);
    assert.ok(told.commands[1].log.length > 0, 'the manager\'s own lines');
    assert.deepEqual([told.proof.purpose, told.proof.plugin, told.proof.complete, told.proof.scope_status], ['verify', desk.machine.manager, true, 'ok']);
    assert.equal(told.proof.command_id, desk.ordered.install);
    assert.ok(!(await desk.machine.upgradable()).includes(`${update.name} ${update.to}`));
  },

  // The server orders it by itself while an install waits for its window; by hand it fetches what a plan would install, and no more.
  download_updates: async (desk) => {
    const { manager, other } = desk.machine;
    const updates = [{ key: `${other.name}:${other.arch}`, name: other.name, arch: other.arch, version: other.to }];
    const steps = [{ operation: 'upgrade', name: other.name, arch: other.arch, from: other.from, to: other.to }];
    const { results } = await desk.carriedOut('download_updates', { manager, updates, plan: { steps }, plan_hash: '0'.repeat(64) });
    assert.ok(results[0].download_bytes > 0, JSON.stringify(results));
    assert.equal(desk.machine.installed(other), other.from);
    assert.ok((await desk.machine.upgradable()).includes(`${other.name} ${other.to}`));
  },

  // What waits behind another order is taken out of the executor's hands.
  cancel: async (desk) => {
    const { other } = desk.machine;
    const slow = desk.order('restart_services', { services: ['slow.service'] });
    await desk.reaches(slow, ['running']);
    const row = desk.row(other.name, 'available');
    const { install } = await desk.approve(row);
    await desk.reaches(install, ['accepted']);
    desk.done('commands', 'cancel', install);
    await desk.ended(install, 'cancelled');
    const { results } = await desk.ended(desk.newest('cancel').id);
    assert.deepEqual(results, [{ cancelled: true }]);
    desk.standIn.letSlowServiceGoOn();
    await desk.ended(slow);
    assert.equal(desk.machine.installed(other), other.from);
    const { reason, commands } = await desk.evidence(row.id, 'available');
    assert.equal(reason.code, 'update.cancelled');
    assert.deepEqual(commands.map(({ type, state }) => [type, state]), [['plan_updates', 'succeeded'], ['install_updates', 'cancelled']]);
  },

  rollback_updates: async (desk) => {
    const { manager, update, rollback } = desk.machine;
    const id = desk.order('rollback_updates', { manager, updates: [{ name: update.name, arch: update.arch, from: update.to, to: update.from }] });
    if (rollback) {
      const { reason } = await desk.ended(id, 'failed');
      assert.equal(reason.code, rollback.failed.code);
      assert.match(reason.text, rollback.failed.text);
      assert.equal(desk.machine.installed(update), update.to);
      assert.equal(desk.done('updates', 'show', desk.approved.id).state, 'verified');
      await rollback.instead(desk);
      return;
    }
    await desk.ended(id);
    assert.equal(desk.machine.installed(update), update.from);
    const { reason } = await desk.evidence(desk.approved.id, 'available');
    assert.deepEqual(reason, { code: 'update.rolled_back', text: `taken back to ${update.from} by script` });
    assert.ok((await desk.machine.upgradable()).includes(`${update.name} ${update.to}`));
  },

  refresh: async (desk) => {
    const { manager, refresh } = desk.machine;
    if (refresh.refused) {
      const { reason } = await desk.carriedOut('refresh', { manager }, 'refused');
      assert.match(reason.text, refresh.refused);
      return;
    }
    refresh.before();
    await refresh.after(await desk.carriedOut('refresh', { manager }), desk);
  },
};

// What no manager has to do with: of one machine.
const kOfOne = {
  restart_services: async (desk) => {
    const { results } = await desk.carriedOut('restart_services', { services: ['good.service'] });
    assert.equal(results[0].services[0].restarted, true);
    assert.ok(desk.standIn.called().includes('systemctl restart -- good.service'));
  },

  // A token proves nobody's presence: a person orders it, and redflagctl says what became of it.
  reboot: async (desk) => {
    const { agent, api, standIn } = desk;
    assert.match(desk.ctl.refused('commands', 'create', '--type', 'reboot', '--agent-ids', agent.id, '--parameters', '{"delay_min":1}'), /session\.step_up_required/);
    const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'reboot', agent_ids: [agent.id], parameters: { delay_min: 1 } });
    await until(() => standIn.called().some((call) => call.startsWith('shutdown -r')), 'shutdown to be called', 30_000);
    await agent.process.stop();
    await agent.executor.stop();
    standIn.nextBoot();
    await agent.startExecutor();
    agent.start();
    const { results } = await desk.ended(id);
    assert.equal(results[0].boot_id, standIn.boot);
  },

  cancel_reboot: async (desk) => {
    const { agent, api, standIn } = desk;
    const { items: [{ id }] } = await api.post('/api/v1/commands', { type: 'reboot', agent_ids: [agent.id], parameters: { delay_min: 60 } });
    await until(() => standIn.called().some((call) => call.startsWith('shutdown -r -- +60')), 'shutdown to be called', 30_000);
    await desk.carriedOut('cancel_reboot', {});
    assert.ok(standIn.called().includes('shutdown -c'));
    assert.equal((await desk.ended(id, 'cancelled')).reason.code, 'reboot.cancelled');
  },

  collect_diagnostics: async (desk) => {
    const { results } = await desk.carriedOut('collect_diagnostics', { log_lines: 50 });
    assert.equal(results[0].agent.mode, 'act');
    assert.ok(results[0].log.length > 0 && results[0].log.length <= 50);
  },

  rapid_mode: async (desk) => {
    const lastScan = () => desk.done('agents', 'show', desk.agent.id).last_scan.at;
    const earlier = lastScan();
    const { results } = await desk.carriedOut('rapid_mode', { minutes: 1, every_s: 10 });
    assert.ok(results[0].plugins.includes('system'));
    await until(() => lastScan() > earlier, 'a scan that the schedule does not have', 40_000);
    await desk.carriedOut('rapid_mode', { minutes: 0 });
  },

  configure: async (desk) => {
    const { results } = await desk.carriedOut('configure', { settings: { schedule: { every: '45m' } } });
    assert.deepEqual(results[0].settings, [{ key: 'schedule.every', in_force: false, text: 'agent.yaml says so itself, which counts' }]);
    assert.equal((await desk.carriedOut('configure', { settings: { mode: 'report' } }, 'refused')).reason.code, 'policy');
  },

  // Agents of today say that they cannot.
  update_agent: async (desk) => {
    assert.match((await desk.carriedOut('update_agent', {}, 'refused')).reason.text, /not yet able/);
  },

  rotate_keys: async (desk) => {
    const { results, id } = await desk.carriedOut('rotate_keys', {});
    const entry = desk.done('agents', 'history', desk.agent.id, '--limit', '100').items.find(({ kind }) => kind === 'agent.key_rotated');
    assert.equal(entry.command_id, id);
    assert.ok(entry.text.includes(results[0].key_id), entry.text);
    await desk.carriedOut('scan', { plugins: ['system'] });  // with the new key
    assert.equal(desk.agent.status().link.state, 'connected');
  },
};

// Runs the table on a machine: what differs by manager, or, with `everything`, all of it. A type of the server's without an
// entry fails the test.
export function orderCommandTypes(name, machine, { everything = false } = {}) {
  const desk = new Desk(name, machine);
  after(async () => {
    await machine.end?.();
    await cleanUp();
  });
  before(() => desk.start());
  test('every command type of the server has an entry, and there is no other', () => {
    const types = desk.done('command-types', 'list').items.map(({ type }) => type).sort();
    assert.deepEqual([...Object.keys(kOfEach), ...Object.keys(kOfOne)].sort(), types);
  });
  for (const [type, run] of Object.entries({ ...kOfEach, ...(everything ? kOfOne : {}) })) test(type, () => run(desk));
}
