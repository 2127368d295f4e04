// Serves the built application and a made-up fleet, in the shapes of ../api/openapi.json, so that screens can be looked
// at and tested without a server. `npm run mock` starts it by itself.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { command_types } from './mock-command-types.mjs';
import { makeFleet, makeId } from './mock-data.mjs';
import { fillGroup, makeGroup, makeGroups, makeWindows, soonToOpen, windowForecast, windowsInForce, windowsOfMachine, windowWaits } from './mock-windows.mjs';
import { MockProfiles, settings_schema } from './mock-profiles.mjs';

// The policy the real server sends with every page.
const in_doubt = ['pending', 'cloned', 'restored'];

export const content_security_policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

class Refusal extends Error {
  constructor(status, code, detail, field) {
    super(detail);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

// Every other state is open, and open ones are what lists show unless states are named.
const closed = ['verified', 'superseded', 'resolved_elsewhere', 'ignored'];

const has = (text, search) => text.toLowerCase().includes(search.toLowerCase());

function page(rows, query) {
  const start = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 100);
  return {
    items: rows.slice(start, start + limit),
    next_cursor: start + limit < rows.length ? String(start + limit) : null,
    total: rows.length,
  };
}

function wantedStates(query) {
  return query.get('state')?.split(',') ?? null;
}

class Mock {
  constructor({ dist, size }) {
    this.dist = dist;
    this.size = size;
    this.streams = new Set();
    this.requests = [];
    this.reported = [];
    this.reset({});
  }

  // factor: whether there is a second factor. required: the role asks for one. proven: false, a change that needs a proof
  // asks for it. role: whose session it is, null: signed out. fail: every answer is that status. setup: no user yet. hold: only the
  // session is answered.
  reset({ role = 'admin', fail = null, setup = false, size = this.size, away = false, hold = false, factor = false, required = false, proven = true, tampered = false, elsewhere = false }) {
    Object.assign(this, { role, fail, tampered, elsewhere, rates: { people: 900 }, rules: { high: 20, destructive: 1 }, decided: new Set(), setup, away, hold, factor, required, proven, half: false, users: null, services: null, fleet: makeFleet(size), keys: new Map(), seq: 0 });
    this.profiles = new MockProfiles(this.fleet);
    this.defined = null;
    this.cutStreams();
  }

  cutStreams() {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }

  emit(event, data) {
    this.seq += 1;
    for (const stream of this.streams) stream.write(`id: ${this.seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  session() {
    return { user: { id: makeId('USER', 1), username: 'mara', role: this.role, grants: [{ role: this.role, client_id: this.elsewhere ? makeId('GONE', 1) : null, site_id: null }] }, second_factor: { enabled: this.factor, required: this.required }, csrf_token: 'mock-csrf-token' };
  }

  overview() {
    const { agents, updates } = this.fleet;
    const count = (rows, test) => rows.filter(test).length;
    const open = updates.filter((update) => !closed.includes(update.state));
    const security = open.filter((update) => update.category === 'security');
    const severity = (value) => count(security, (update) => update.severity === value);
    const inState = (state) => count(updates, (update) => update.state === state);
    const connected = (connection) => count(agents, (agent) => agent.connection === connection);
    const broken = count(agents, (agent) => agent.breakers_open > 0);
    const invalid = count(agents, (agent) => agent.config.state === 'invalid');
    const standing = (state) => count(agents, (agent) => agent.identity.state === state);
    const doubtful = count(agents, (agent) => in_doubt.includes(agent.identity.state));
    const needs = [
      { kind: 'failed_updates', severity: 'critical', count: inState('failed'), text: 'updates failed to install', link: '/updates?state=failed' },
      { kind: 'security_updates', severity: 'critical', count: security.length, text: 'security updates are open', link: '/updates?category=security' },
      { kind: 'awaiting_confirmation', severity: 'warning', count: inState('awaiting_confirmation'), text: 'updates wait: the plan holds more than was approved', link: '/operations?view=confirm' },
      { kind: 'held_orders', severity: 'warning', count: this.heldOrders().length, text: 'orders wait for the approval of a second person', link: '/operations?view=held' },
      { kind: 'agents_in_doubt', severity: 'critical', count: doubtful, text: 'machines get no orders until somebody has looked: new, restored or copied', link: '/agents?identity=needs_a_look' },
      { kind: 'breakers_open', severity: 'warning', count: broken, text: 'machines have a plugin that is not run for a while, after failures', link: '/agents?breaker=open' },
      { kind: 'agents_silent', severity: 'warning', count: connected('silent'), text: 'machines have not been heard of lately', link: '/agents?connection=silent' },
      { kind: 'config_invalid', severity: 'warning', count: invalid, text: 'machines have an invalid configuration', link: '/agents?config=invalid' },
      { kind: 'updates_waiting', severity: 'info', count: open.length, text: 'updates are open in all', link: '/updates' },
    ];
    return {
      agents: { total: agents.length, connected: connected('connected'), silent: connected('silent'), never: connected('never'), pending: standing('pending'), cloned: standing('cloned'), restored: standing('restored') },
      updates: {
        available: open.length,
        installable: count(open, (update) => update.blocked_by === null),
        security: security.length,
        security_by_severity: { critical: severity('critical'), high: severity('high'), medium: severity('medium'), low: severity('low'), unrated: severity('unknown') },
        ...Object.fromEntries(['approved', 'planned', 'awaiting_confirmation', 'installing', 'installed', 'failed', 'verified', 'ignored', 'cleared'].map((state) => [state, inState(state)])),
      },
      breakers_open: broken,
      refusals_24h: 1,
      config_invalid: invalid,
      windows: soonToOpen(this.fleet),
      needs: needs.filter((need) => need.count > 0),
    };
  }

  agents(query) {
    const search = query.get('search') ?? '';
    const rows = this.fleet.agents.filter(
      (agent) =>
        has(agent.hostname, search) &&
        (!query.get('client_id') || agent.client.id === query.get('client_id')) &&
        (!query.get('site_id') || agent.site.id === query.get('site_id')) &&
        (!query.get('connection') || agent.connection === query.get('connection')) &&
        (!query.get('breaker') || agent.breakers_open > 0) &&
        (!query.get('config') || agent.config.state === 'invalid') &&
        (!query.get('isolation') || agent.isolation === 'weak') &&
        (!query.get('binding') || Number(agent.id.slice(-2)) % 9 === 0) &&
        (query.get('identity') ? (query.get('identity') === 'needs_a_look' ? in_doubt : [query.get('identity')]).includes(agent.identity.state) : agent.identity.state !== 'revoked'),
    );
    const sort = query.get('sort') ?? 'hostname';
    const value = {
      hostname: (agent) => agent.hostname,
      last_seen: (agent) => agent.last_seen_at ?? '',
      updates: (agent) => agent.updates.available,
      enrolled: (agent) => agent.enrolled_at,
    }[sort.replace('-', '')];
    rows.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (sort.startsWith('-') ? -1 : 1));
    return page(rows, query);
  }

  agent(id) {
    const agent = this.fleet.agents.find((each) => each.id === id);
    if (!agent) throw new Refusal(404, 'agent.not_found', 'There is no such agent.');
    const { at } = this.fleet;
    const closed = { state: 'closed', since: null, open_until: null, class: '', code: '', text: '' };
    const open = { state: 'open', since: at(900), open_until: at(-900), class: 'crash', code: 'host.signal', text: 'The last 3 runs ended with signal 11.' };
    const scan = (complete) => ({
      id: makeId('SCAN', 1), at: agent.last_scan?.at ?? at(60), purpose: 'updates', status: complete ? 'ok' : 'transient', complete, duration_ms: 231,
      scopes: [{ key: 'deb.example.org bookworm', status: 'ok' }, { key: 'deb.example.org bookworm-security', status: complete ? 'ok' : 'transient' }, { key: 'ppa.example.net <i>', status: 'ok' }],
      reports: complete ? [] : [{ status: 'transient', code: 'apt.lists_old', text: 'The lists of deb.example.org bookworm-security are 9 days old.' }],
    });
    const none = agent.last_scan === null;
    return {
      ...agent,
      boot_id: '6f1c1f5e-0000-4000-8000-000000000000',
      window: agent.client.id === this.fleet.clients[0].id ? { from: 'group', place: 'the group Databases', time_zone: 'Europe/London', open: false, name: 'Night', opens_at: at(-7200), closes_at: at(-32400) } : null,
      kernel: '6.1.0-37-amd64',
      groups: this.machineGroups().filter((group) => group.members.some((member) => member.agent_id === id)).map(({ id: group_id, name }) => ({ id: group_id, name })),
      documents: [
        { id: makeId('LINE', 1), number: 7, newest: false, boot_id: '6f1c1f5e-0000-4000-8000-000000000000', machine: 'a1b2c3d4e5f60718', peer: '192.0.2.17', began_at: at(86400 * 30), seen_at: at(40) },
        { id: makeId('LINE', 2), number: 3, newest: true, boot_id: '0b44e1a2-0000-4000-8000-000000000000', machine: '99aa88bb77cc66dd', peer: '198.51.100.4', began_at: at(7200), seen_at: at(95) },
      ].slice(['cloned', 'restored'].includes(agent.identity.state) ? 0 : 1),
      plugins: none ? [] : [
        { id: 'apt', name: 'APT packages', version: '1.0.0', interfaces: ['rf.scanner/1', 'rf.updater/1'], state: 'ok', text: '', breaker: closed, last_scan: scan(agent.last_scan.complete) },
        { id: 'system', name: 'System', version: '1.0.0', interfaces: ['rf.scanner/1'], state: 'ok', text: '', breaker: agent.breakers_open ? open : closed, last_scan: { ...scan(true), scopes: [], duration_ms: 41 } },
        { id: 'dnf', name: 'DNF packages', version: '1.0.0', interfaces: ['rf.scanner/1'], state: 'not_applicable', text: 'libdnf is not on this machine.', breaker: closed, last_scan: null },
      ],
      facts: none ? [] : [
        { name: 'os.name', value: 'Debian GNU/Linux 12 (bookworm)' },
        { name: 'os.support_end', value: at(86400 * 200).slice(0, 10) },
        { name: 'os.long_term_support_end', value: at(-86400 * 90).slice(0, 10) },
        { name: 'kernel.running', value: '6.1.0-37-amd64' },
        { name: 'reboot.required', value: true },
        { name: 'reboot.reasons', value: ['linux-image-6.1.0-37-amd64', 'libc6'] },
        { name: 'lists.age_s', value: 5120 },
      ],
    };
  }

  updateRows(query, agentId = query.get('agent_id')) {
    const states = wantedStates(query);
    const equal = (name, value) => query.get(name) === null || query.get(name) === value;
    return this.fleet.updates.filter(
      (update) =>
        (!agentId || update.agent_id === agentId) &&
        (states ? states.includes(update.state) : !closed.includes(update.state)) &&
        equal('category', update.category) &&
        equal('manager', update.manager) &&
        equal('name', update.name) &&
        equal('arch', update.arch) &&
        equal('version', update.candidate_version) &&
        (query.get('installable') === null || (update.blocked_by === null) === (query.get('installable') === '1')) &&
        has(update.name, query.get('search') ?? ''),
    );
  }

  groups(query) {
    const groups = new Map();
    const clientOf = new Map(this.fleet.agents.map((agent) => [agent.id, agent.client.id]));
    for (const update of this.updateRows(query)) {
      const key = `${update.name} ${update.arch} ${update.candidate_version}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(update);
    }
    const rank = ['critical', 'high', 'medium', 'unknown', 'low'];
    const rows = [...groups.values()].map((of) => {
      const [first] = of;
      const states = {};
      for (const update of of) states[update.state] = (states[update.state] ?? 0) + 1;
      return {
        manager: first.manager, name: first.name, arch: first.arch, candidate_version: first.candidate_version,
        installed_versions: [...new Set(of.map((update) => update.installed_version))], category: first.category,
        severity: first.severity, origin: first.origin, agents: of.length,
        clients: new Set(of.map((update) => clientOf.get(update.agent_id))).size,
        installable: of.filter((update) => update.blocked_by === null).length,
        approvable: of.filter((update) => update.approvable).length, states, first_seen_at: first.first_seen_at,
      };
    });
    rows.sort((a, b) => (a.category === 'security' ? 0 : 1) - (b.category === 'security' ? 0 : 1) || rank.indexOf(a.severity) - rank.indexOf(b.severity));
    return page(rows, query);
  }

  approve(body, query, key) {
    const preview = query.get('preview') === '1';
    if (!preview && !key) throw new Refusal(400, 'idempotency.missing', 'An approval needs an Idempotency-Key.');
    if (!preview && this.keys.has(key)) return this.keys.get(key);
    const group = body.group;
    const rows = this.fleet.updates.filter((update) =>
      group
        ? update.name === group.name && update.arch === group.arch && update.candidate_version === group.candidate_version
        : body.update_ids.includes(update.id),
    );
    const good = rows.filter((update) => update.approvable);
    const answer = {
      approval_id: preview ? null : makeId('APPRVX', this.keys.size + 1),
      approved: good.length,
      agents: new Set(good.map((update) => update.agent_id)).size,
      skipped: rows.filter((update) => !update.approvable).map((update) => ({
        update_id: update.id, hostname: update.hostname, name: update.name,
        code: 'approval.not_approvable', text: update.not_approvable_because,
      })),
      command_ids: [],
      awaiting_approval: false,
      waits: preview ? windowWaits(this.fleet, new Set(good.map((update) => update.agent_id)).size) : [],
    };
    if (!preview) {
      this.keys.set(key, answer);
      for (const update of good) {
        Object.assign(update, { state: 'approved', approvable: false, not_approvable_because: 'it is approved already and under way', waiting_for: 'the machine is about to fetch the order for the plan' });
        this.emit('update', { agent_id: update.agent_id, update_id: update.id, state: 'approved' });
      }
    }
    return answer;
  }

  // Rules of this server cover exact names.
  ignore(body, preview) {
    const name = body.pattern ?? body.key.split(':')[0];
    const rows = this.fleet.updates.filter((update) => update.name === name && (!body.agent_id || update.agent_id === body.agent_id) && !closed.includes(update.state));
    const free = rows.filter((update) => ['available', 'failed', 'cleared'].includes(update.state));
    const sample = free.slice(0, 100).map(({ id, hostname, name: named, candidate_version }) => ({ update_id: id, hostname, name: named, candidate_version }));
    if (preview) return [200, { updates: free.length, agents: new Set(free.map((update) => update.agent_id)).size, under_way: rows.length - free.length, sample }];
    const rule = {
      id: makeId('RVLE', 10 + this.fleet.rules.length), client_id: null, client_name: null, site_id: null, site_name: null, agent_id: null, hostname: null, manager: null, key: null, pattern: null, version: null, until: null,
      ...body, state: 'active', created_at: this.fleet.at(0), created_by: 'mara', ended_at: null, ended_by: null, updates: free.length,
    };
    this.fleet.rules.unshift(rule);
    for (const update of free) {
      Object.assign(update, { state: 'ignored', approvable: false, ignored: { rule_id: rule.id, by: 'mara', until: rule.until, reason: rule.reason }, waiting_for: `mara ignores it: ${rule.reason}`, next: 'it stays ignored until somebody lifts the rule' });
    }
    return [201, rule];
  }

  lift(id) {
    const rule = this.fleet.rules.find((each) => each.id === id);
    Object.assign(rule, { state: 'lifted', ended_at: this.fleet.at(0), ended_by: 'mara', updates: 0 });
    for (const update of this.fleet.updates) {
      if (update.ignored?.rule_id === id) Object.assign(update, { state: 'available', ignored: null, approvable: true, waiting_for: 'a person to approve it' });
    }
    return rule;
  }

  addPolicy(body, preview) {
    const rows = this.fleet.updates.filter((update) => update.approvable && update.category === 'security');
    const sample = rows.slice(0, 100).map(({ id, hostname, name, candidate_version }) => ({ update_id: id, hostname, name, candidate_version }));
    if (preview) return [200, { updates: rows.length, agents: new Set(rows.map((update) => update.agent_id)).size, sample }];
    const made = { created_at: this.fleet.at(0), created_by: 'mara', changed_at: this.fleet.at(0), changed_by: 'mara', second_person: null };
    const policy = { id: makeId('PXXICY', 10 + this.fleet.policies.length), client_id: null, client_name: null, site_id: null, site_name: null, group_id: null, group_name: this.machineGroups().find((group) => group.id === body.group_id)?.name ?? null, enabled: true, age_from: 'first_seen', managers: [], include: [], exclude: [], ...body, ...made };
    this.fleet.policies.push(policy);
    return [201, policy];
  }

  policyOf(id) {
    return this.fleet.policies.find((policy) => policy.id === id);
  }

  approveBeforehand(what, { reason, changed_at }) {
    if (!reason) throw new Refusal(400, 'request.invalid', 'body.reason: expected why, in a line of text', '/reason');
    if (changed_at !== what.changed_at) throw new Refusal(409, 'second_person.changed', 'It was changed meanwhile: look at what it says now.');
    this.needProof();
    return Object.assign(what, { second_person: { by: 'mara', at: this.fleet.at(0), reason, counts: true } });
  }

  commands(query) {
    const states = wantedStates(query);
    return page(
      this.fleet.commands.filter(
        (command) =>
          (!states || states.includes(command.state)) &&
          (!query.get('agent_id') || command.agent_id === query.get('agent_id')) &&
          (!query.get('type') || command.type === query.get('type')),
      ),
      query,
    );
  }

  find(id) {
    const command = this.fleet.commands.find((each) => each.id === id);
    if (!command) throw new Refusal(404, 'command.not_found', 'There is no such command.');
    return command;
  }

  command(id) {
    const command = this.find(id);
    const { at } = this.fleet;
    const updates = this.fleet.updates.filter((update) => update.command_id === id);
    const step = (operation, name, from, to, requested) => ({ operation, name, arch: 'amd64', from, to, category: 'security', requested });
    const extras = updates.some((update) => update.state === 'awaiting_confirmation')
      ? [step('install', 'libpcre2-posix3', '', '10.42-1', false), step('remove', 'nginx-light', '1.22.1-9', '', false)]
      : [];
    const steps = [...updates.map((update) => step('upgrade', update.name, update.installed_version, update.candidate_version, true)), ...extras];
    const planned = command.type !== 'scan' && !['queued', 'delivered', 'accepted'].includes(command.state);
    const line = (seq, text) => ({ seq, at: at(60 - seq), text });
    const path = ['queued', 'delivered', 'accepted', 'running'];
    const passed = path.includes(command.state) ? path.slice(0, path.indexOf(command.state) + 1) : [...path, command.state];
    return {
      ...command,
      waiting_for: { scheduled: `the window "Night" of the client Northfield Surgery, which opens at ${command.window?.opens_at}; it has missed 1 window before`, queued: 'the machine is about to fetch the order', running: 'the machine is carrying it out' }[command.state] ?? null,
      next: { scheduled: `the machine is told to fetch the order, and begins it before ${at(-14_400)}; missed, it waits for the next window, until ${at(-86_400 * 3)}`, queued: 'the machine checks the signature and its own policy, then begins', running: 'its result is shown here' }[command.state] ?? null,
      preparation: command.state === 'scheduled' && command.type === 'install_updates'
        ? { command_id: '01JM8ZC9T0QK5V3N7RWX2YBD4E', title: 'Download updates', state: 'failed', percent: null, reason: { code: 'apt.download_failed', text: 'deb.example.org: no route to host' } }
        : null,
      parameters: { updates: updates.map(({ key, name, arch, candidate_version }) => ({ key, name, arch, version: candidate_version })) },
      actions: [{ plugin: command.type === 'scan' ? 'kernel' : 'apt', action: { scan: 'scan', plan_updates: 'plan', install_updates: 'install' }[command.type] ?? 'run', parameters: {} }],
      plan: planned ? { steps, download_bytes: 18_734_112, installed_bytes_delta: -1_224_704, needs_reboot: true, restarts: ['nginx.service', 'ssh.service'] } : null,
      plan_hash: planned ? '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' : null,
      extras,
      results: command.state === 'succeeded' ? [{
        steps: command.type === 'install_updates'
          ? [step('upgrade', 'libssl3', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', true), step('install', 'libpcre2-posix3', '', '10.42-1', false)].map((each) => ({ ...each, result: 'done' }))
          : [],
        needs_reboot: true,
      }] : null,
      log: command.state === 'queued' ? [] : [
        line(1, 'Reading package lists... Done'),
        line(2, 'Preconfiguring packages ...'),
        line(3, '(Reading database ... 71542 files and directories currently installed.)'),
        line(4, 'Preparing to unpack .../libssl3_3.0.17-1~deb12u2_amd64.deb ...'),
        line(5, '<script>window.hostile=1</script> \u001b[31mred\u001b[0m \u202edenrut\u202c'),
        line(6, 'Unpacking libssl3:amd64 (3.0.17-1~deb12u2) over (3.0.15-1~deb12u1) ...'),
      ],
      transitions: passed.map((to, index) => ({ from: index === 0 ? null : passed[index - 1], to, at: at(600 - index * 90), actor: index === 0 ? command.actor : 'agent', reason: index === passed.length - 1 ? command.reason : null })),
      updates,
    };
  }

  metrics(id, query) {
    const steps = { day: [600, 144], week: [3600, 168], year: [86400, 365] }[query.get('period') ?? 'day'];
    const end = Math.floor(Date.parse(this.fleet.at(0)) / 1000);
    const [step, count] = steps;
    const series = (name, label, value, spread) => ({
      name,
      label,
      value,
      at: this.fleet.at(300),
      points: Array.from({ length: count }, (_, n) => {
        const wave = Math.sin(n / 9) * spread + ((n * 37) % 11) * spread * 0.04;
        const begin = Math.floor(end / step) * step - (count - 1 - n) * step;
        return [begin, Math.max(0, value + wave - (step > 600 ? spread * 0.3 : 0)), Math.max(0, value + wave)];
      }).filter((_, n) => n % 50 < 44),
    });
    if (id.endsWith('9')) return { from: this.fleet.at(86400), to: this.fleet.at(0), step_s: step, items: [], more: false };
    return {
      from: this.fleet.at(step * count),
      to: this.fleet.at(0),
      step_s: step,
      items: [
        series('filesystem_available_bytes', 'mount=/', 21.5e9, 1.5e9),
        series('filesystem_available_bytes', 'mount=/srv/<b>hostile</b>', 310e9, 40e9),
        { ...series('filesystem_full_in_days', 'mount=/', 34.2, 0), points: [] },
        series('load_average_1m_ratio', '', 0.42, 0.4),
        series('memory_available_bytes', '', 5.2e9, 1e9),
        series('pressure_waiting_percent', 'resource=io,tasks=some', 1.7, 1.5),
        { ...series('swap_used_bytes', '', 0, 0), points: [] },
      ],
      more: false,
    };
  }

  recordKinds() {
    return { items: [{ kind: 'org.example.certificate/1', count: 3 }, { kind: 'package/1', count: 240 }, { kind: 'service/1', count: 3 }] };
  }

  records(query) {
    const { at } = this.fleet;
    const packages = Array.from({ length: 240 }, (_, n) => ({
      kind: 'package/1',
      plugin: 'apt',
      scope: '',
      at: at(900),
      fields: {
        manager: 'apt', key: `package-${n}:amd64`, name: `package-${n}`, arch: 'amd64', version: `1.${n}-1+deb12u1`,
        installed_bytes: 4096 * (n + 1), installed_at: at(86400 * (n + 1)),
      },
    }));
    const services = ['ssh.service', 'nginx.service'].map((name, n) => ({
      kind: 'service/1',
      plugin: 'system',
      scope: '',
      at: at(900),
      fields: {
        name, state: 'running', needs_restart: true, packages: n === 0 ? ['libssl3', 'zlib1g'] : [],
        reason: `${name.slice(0, 5)} still runs what was replaced: /usr/lib/x86_64-linux-gnu/libssl.so.3`,
      },
    }));
    services.push({
      kind: 'service/1',
      plugin: 'system',
      scope: 'units',
      at: at(900),
      fields: { name: 'backup.service', state: 'failed', reason: 'Nightly backup <b>to tape</b>: exit-code, status 2' },
    });
    const certificates = ['mail.example.org', 'www.example.org', '<b>hostile</b>'].map((name, n) => ({
      kind: 'org.example.certificate/1',
      plugin: 'org.example.tls',
      scope: '/etc/ssl',
      at: at(900),
      fields: { name, days_left: 12 * n, issuer: 'Example CA', names: [name, `alt.${name}`] },
    }));
    const all = { 'package/1': packages, 'service/1': services }[query.get('kind')] ?? certificates;
    return page(all.filter((row) => has(JSON.stringify(row.fields), query.get('search') ?? '')), query);
  }

  history(id, query) {
    const { at } = this.fleet;
    const rows = Array.from({ length: 64 }, (_, n) => ({
      seq: 1000 - n,
      at: at(120 + n * 4000),
      subsystem: ['scan', 'commands', 'link', 'breaker'][n % 4],
      actor: n % 4 === 1 ? 'mara' : 'agent',
      kind: ['scan.finished', 'command.created', 'agent.connected', 'breaker.opened'][n % 4],
      text: ['Scan of apt ended: 9 updates, complete.', 'Ordered: install 3 updates.', 'Connected from 192.0.2.17.', 'The breaker of system opened after 3 crashes.'][n % 4],
      code: n % 4 === 3 ? 'host.signal' : null,
      severity: n % 4 === 3 ? (n % 8 === 3 ? 'error' : 'warning') : 'info',
      command_id: n % 4 === 1 ? (this.fleet.commands[0]?.id ?? null) : null,
      scan_id: n % 4 === 0 ? makeId('SCAN', n) : null,
    }));
    return page(rows, query);
  }

  audit(query) {
    const { at, clients } = this.fleet;
    const texts = [
      ['people', 'people.role_changed', 'mara', 'made tom an approver', null, 'info', 1],
      ['security', 'security.refused', 'unknown', 'POST /api/v1/session: 401 sign_in.failed as "root", 4231 times more', 'sign_in.failed', 'warning', 4231],
      ['command', 'command.ordered', 'mara', 'ordered: install 3 updates on <b>web-01</b>', null, 'info', 1],
      ['enrolment', 'enrolment.refused', 'agent', 'evil\u202etxt from 198.51.100.7: seats exhausted', 'enrolment.seats_exhausted', 'warning', 1],
      ['enrolment', 'enrolment.token_made', 'mara', 'made an enrolment token with 5 seats', null, 'info', 1],
      ['security', 'agent.clone', 'agent', 'two machines use the identity of db-02', 'agent.clone', 'error', 1],
    ];
    const rows = Array.from({ length: 420 }, (_, n) => {
      const [subsystem, kind, actor, text, code, severity, times] = texts[n % texts.length];
      return {
        seq: 420 - n, at: at(60 + n * 1900), client_id: n % 3 ? clients[n % clients.length].id : null, agent_id: subsystem === 'command' ? this.fleet.agents[0]?.id ?? null : null,
        subsystem, actor, peer: n % 2 ? '198.51.100.7' : '2001:db8::7', request_id: makeId('RQST', n), kind, text, code, severity, times,
        command_id: subsystem === 'command' ? (this.fleet.commands[0]?.id ?? null) : null,
        previous: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', hash: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
      };
    });
    const equal = (name, value) => !query.get(name) || query.get(name) === value;
    return page(rows.filter((row) => equal('actor', row.actor) && equal('severity', row.severity) && equal('client_id', row.client_id) && (!query.get('kind') || row.kind.startsWith(query.get('kind'))) && (!query.get('from') || row.at >= query.get('from'))), query);
  }

  errors(query) {
    const { at, agents } = this.fleet;
    const machines = Math.min(12, agents.length);
    const all = [
      ['agent', 'scan', 'scan.incomplete', 'apt.lists_old', 'warning', 'apt: ended as transient: the lists of deb.example.org bookworm-security are 9 days old', machines, 340],
      ['agent', 'breaker', 'breaker.open', 'run.crash', 'error', 'docker: the breaker went from closed to open: the plugin ended with signal 11', 3, 3],
      ['agent', 'trust', 'command.refused', 'bad_signature', 'error', 'kernel refused an order: <img src=x onerror="window.hostile=1"> \u202edenrut', 1, 1],
      ['agent', 'command', 'command.failed', 'apt.dpkg_failed', 'error', 'Install updates: failed: dpkg ended with 1 while it configured postfix', 2, 2],
      ['server', 'settlement', 'server.error', '', 'error', 'org.example.greet: the command type does not answer', 0, 5],
      ['browser', 'web', 'browser.error', 'TypeError', 'error', "Cannot read properties of undefined (reading 'map')", 0, 17],
    ];
    const rows = agents.length === 0 ? [] : all.map(([source, subsystem, kind, code, severity, text, on, times], n) => ({
      id: makeId('ERR', n + 1), source, subsystem, kind, code: code || null, severity, text, agents: on, times, first_at: at(86_400 * (n + 1)), last_at: at(300 * (n * n + 1)),
    }));
    const equal = (name, value) => !query.get(name) || query.get(name) === value;
    const found = rows.filter((row) => equal('source', row.source) && equal('severity', row.severity) && equal('subsystem', row.subsystem) && equal('code', row.code) && has(row.text, query.get('search') ?? '') && (!query.get('from') || row.last_at >= query.get('from')));
    if (query.get('sort') === 'worst') found.sort((a, b) => (a.severity === 'error' ? 0 : 1) - (b.severity === 'error' ? 0 : 1) || b.agents - a.agents);
    return page(found, query);
  }

  error(id) {
    const group = this.errors(new URLSearchParams()).items.find((each) => each.id === id);
    if (!group) throw new Refusal(404, 'error.not_found', 'There is no such error.');
    const { at, agents, commands } = this.fleet;
    const row = (more) => ({ agent_id: null, hostname: null, text: group.text, detail: null, command_id: null, scan_id: null, actor: null, times: 2, first_at: group.first_at, last_at: at(320), ...more });
    const rows = {
      agent: () => agents.slice(0, group.agents).map((agent) => row({ agent_id: agent.id, hostname: agent.hostname, command_id: group.subsystem === 'command' ? commands[0].id : null })),
      server: () => [row({ detail: 'settlement: org.example.greet: the command type does not answer' })],
      browser: () => [row({ actor: 'mara', detail: '/agents\nTypeError: Cannot read properties of undefined\n    at Row (https://redflag.example/assets/agents-4f2a.js:1:4211)' })],
    };
    return { ...group, rows: rows[group.source]() };
  }

  update(id) {
    const update = this.fleet.updates.find((each) => each.id === id);
    if (!update) throw new Refusal(404, 'update.not_found', 'There is no such update.');
    const { at } = this.fleet;
    const judged = ['verified', 'failed'].includes(update.state);
    const done = [...(judged ? ['verified', 'failed'] : []), 'installed', 'awaiting_reboot'].includes(update.state);
    const command_id = update.command_id ?? (judged ? this.fleet.commands.find((command) => command.state === 'succeeded')?.id : null);
    const commands = command_id ? [this.command(command_id)] : [];
    return {
      ...update,
      approval: command_id ? { id: makeId('APPRVX', 1), by: 'mara', at: at(7200), version: update.candidate_version } : null,
      versions: { before: update.installed_version || null, approved: update.candidate_version, after: update.state === 'verified' ? update.candidate_version : null },
      reboot: { needed: update.needs_reboot === true, installed_in_boot: done ? '0b44e1a2-0000-4000-8000-000000000000' : null },
      proof: judged ? {
        scan_id: makeId('SCAN', 9), at: at(600), received_at: at(590), purpose: 'verify', trigger: 'order', plugin: update.manager, plugin_version: '1.0.0', status: 'ok', complete: true,
        scope: 'deb.example.org bookworm-security', scope_status: 'ok', boot_id: '6f1c1f5e-0000-4000-8000-000000000000', command_id, reports: [],
      } : null,
      commands: commands.map(({ plan_hash, results, log, ...command }) => ({ ...command, plan_hash, results, log })),
    };
  }

  auditHead() {
    return {
      head: { kind: 'redflag-audit-head/1', seq: 420, hash: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752', at_ms: Date.now(), key_id: '0123456789abcdef', public_key: 'A'.repeat(43), signature: 'B'.repeat(86) },
      verification: this.tampered
        ? { at: this.fleet.at(600), whole: false, text: 'record 211 was changed' }
        : { at: this.fleet.at(600), whole: true, text: '420 records, up to record 420' },
    };
  }

  security() {
    const { at } = this.fleet;
    const row = (id, area, level, title, text, advice = null, more = {}) => ({ id, area, level, title, text, advice, until: null, count: null, link: null, ...more });
    const day = (n) => at(-86_400 * n);
    return {
      items: [
        row('root', 'trust', 'good', 'Root of trust', 'trust document root, version 1, ends on 2027-02-11, in 310 days', null, { until: day(310) }),
        row('targets', 'trust', 'warning', 'Signed targets', 'trust document targets, version 4, ends on 2026-05-01, in 24 days', 'renew it where the offline keys are: `redflag-server keys renew targets`, sign, publish', { until: day(24) }),
        row('snapshot', 'trust', 'good', 'Snapshot', 'trust document snapshot, version 1790000000, ends on 2026-04-20, in 13 days', null, { until: day(13) }),
        row('timestamp', 'trust', 'good', 'Timestamp', 'trust document timestamp, version 1790000000, ends on 2026-04-09, in 1 days', null, { until: day(1) }),
        row('command_key:0123456789abcdef', 'trust', 'good', 'Command key', 'command key 0123456789abcdef ends on 2026-09-28, in 171 days', null, { until: day(171) }),
        row('offline_keys', 'trust', 'warning', 'Offline keys', '/var/lib/redflag/offline holds offline keys: whoever takes over this server has them', 'take that folder to another machine and delete it here'),
        row('orders', 'trust', 'good', 'Signing of orders', 'orders are signed under restore epoch 0'),
        row('certificate', 'tls', 'critical', 'TLS certificate', 'TLS certificate server.pem ends on 2026-04-12, in 5 days', 'start the server again: it renews its certificate by itself', { until: day(5) }),
        row('authority', 'tls', 'good', 'Own authority', 'certificate authority ca-active.pem ends on 2036-02-09, in 3592 days', null, { until: day(3592) }),
        row('weak_isolation', 'agents', 'note', 'Weakly isolated agents', '17 run plugins with a wall missing', 'start redflag-broker there, or see with `redflag-agent status` which wall it is', { count: 17, link: '/agents?isolation=weak' }),
        row('weak_binding', 'agents', 'note', 'Keys that a copied disk carries along', '3 have a key that is bound to nothing but what is on the disk', 'install the agent with its broker, which reads the machine’s own numbers, or keep copies of these disks as safe as keys', { count: 3, link: '/agents?binding=weak' }),
        row('failed_sign_ins', 'people', 'warning', 'Failed sign-ins', '4,231 in the last 24 hours', 'look in the audit log where they come from, and keep those addresses out before the server', { count: 4231, link: '/audit?kind=security' }),
        row('audit', 'audit', 'good', 'Audit log', 'verified 2026-04-07T04:00Z: 420 records, up to record 420', null, { link: '/audit' }),
      ],
      refusals: [
        { code: 'sign_in.failed', last_day: 4231, last_week: 5102, newest_at: at(60) },
        { code: 'signature.replayed', last_day: 0, last_week: 3, newest_at: at(300_000) },
        { code: 'a.code.that.is.as.long.as.one.could.be.and.still.has.to.fit', last_day: 1, last_week: 1, newest_at: at(4000) },
      ],
    };
  }

  moveAgent(id, siteId) {
    const agent = this.fleet.agents.find((each) => each.id === id);
    const site = this.fleet.clients.find((each) => each.id === agent.client.id).sites.find((each) => each.id === siteId);
    agent.site = { id: site.id, name: site.name };
    return agent;
  }

  heldOrders() {
    const { at } = this.fleet;
    const order = (n, more) => ({
      id: makeId('RDR', n), type: 'plan_updates', title: 'Plan updates', risk: 'high', actor: 'erin', own: false, created_at: at(1800 * n),
      expires_at: at(1800 * n - 86_400), agents: 212, clients: 14, parameters: null, updates: ['openssl 3.0.17-1~deb12u2', 'nginx<b> 1.22.1-9+deb12u2'],
      outside_window: n === 1 ? 'an exploit is out' : null, ...more,
    });
    return [
      order(1, {}),
      order(2, { type: 'reboot', title: 'Restart the machine', risk: 'destructive', agents: 3, clients: 1, parameters: { delay_min: 5, message: 'maintenance' }, updates: [] }),
      order(3, { actor: 'mara', own: true, agents: 40, clients: 2 }),
    ].filter((each) => this.fleet.agents.length > 0 && !this.decided.has(each.id));
  }

  decideOrder(id, body) {
    this.needProof();
    if (!body.reason) throw new Refusal(400, 'request.invalid', 'body.reason: expected why, in a line of text', '/reason');
    const { agents } = this.heldOrders().find((each) => each.id === id);
    this.decided.add(id);
    return { commands: agents };
  }

  secondPersonRules() {
    const rule = (risk, machines, more = {}) => ({ risk, machines, set: machines, set_counts_at: null, changed_at: this.fleet.at(86_400), changed_by: 'mara', ...more });
    return [rule('high', this.rules.high), rule('destructive', 1, this.rules.destructive === 1 ? {} : { set: this.rules.destructive, set_counts_at: this.fleet.at(-86_400) })];
  }

  setRule(risk, machines) {
    this.needProof();
    this.rules[risk] = machines;
    return this.secondPersonRules().find((rule) => rule.risk === risk);
  }

  rateLimits() {
    const limit = (policy, text, usual, configured = null) => ({ policy, text, per_minute: this.rates[policy] ?? configured ?? usual, usual, configured, set: this.rates[policy] ?? null });
    return [
      limit('agent', 'requests of one agent', 60),
      limit('enrolment', 'enrolments from one address', 120, 300),
      limit('enrolment_failed', 'enrolments from one address that were refused', 5),
      limit('sign_in', 'failed sign-ins to one account from one address', 10),
      limit('people', 'requests of one session or token', 600),
    ];
  }

  setRate(policy, perMinute) {
    if (perMinute === null) delete this.rates[policy];
    else this.rates[policy] = perMinute;
    return this.rateLimits().find((limit) => limit.policy === policy);
  }

  // A newly enrolled machine, step by step, as the enrolment screen waits for it.
  enrol(hostname) {
    const { agents, tokens, clients } = this.fleet;
    const agent = {
      ...agents[0], id: makeId('AGENT', 9000 + agents.length), hostname, client: { id: clients[0].id, name: clients[0].name }, connection: 'never',
      last_seen_at: null, last_scan: null, enrolled_at: new Date().toISOString(), updates: { available: 0, installable: 0, security: 0 },
      breakers_open: 0, config: { state: 'ok', text: '' },
    };
    agents.push(agent);
    if (tokens[0]) tokens[0].seats_used += 1;
    this.emit('agent', { agent_id: agent.id });
    return {
      connect: () => { agent.connection = 'connected'; agent.last_seen_at = new Date().toISOString(); this.emit('agent', { agent_id: agent.id }); },
      scan: () => { agent.last_scan = { at: new Date().toISOString(), plugin: 'apt', status: 'ok', complete: true }; this.emit('scan', { agent_id: agent.id }); },
    };
  }

  needProof() {
    if (!this.proven) throw new Refusal(403, 'session.step_up_required', 'Prove again that it is you: with your password or a code.');
  }

  needCode(body) {
    if (body.code !== '123456') throw new Refusal(422, 'second_factor.wrong_code', 'The code is wrong, or was used before.', 'code');
  }

  // One's own account.
  account(route, body) {
    const { at } = this.fleet;
    const codes = { recovery_codes: Array.from({ length: 10 }, (_, n) => `${n}abc-defg-hijk-lmn${n}`) };
    switch (route) {
      case 'POST /api/v1/session/step-up':
        if (this.factor) this.needCode(body);
        else if (body.password !== 'correct horse battery') throw new Refusal(422, 'password.wrong', 'This is not your password.', 'password');
        return (this.proven = true), [204];
      case 'GET /api/v1/account/second-factor':
        return [200, { enabled: this.factor, required: this.required, since: this.factor ? at(86400) : null, recovery_codes_left: this.factor ? 9 : 0 }];
      case 'POST /api/v1/account/second-factor':
        this.needProof();
        return [201, { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', uri: 'otpauth://totp/RedFlag:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=RedFlag&algorithm=SHA1&digits=6&period=30' }];
      case 'POST /api/v1/account/second-factor/confirm':
        this.needCode(body);
        return (this.factor = true), [201, codes];
      case 'POST /api/v1/account/second-factor/recovery-codes':
        return this.needCode(body), [201, codes];
      case 'POST /api/v1/account/second-factor/off':
        this.needCode(body);
        return (this.factor = false), [204];
      case 'GET /api/v1/account/sessions':
        return [200, { items: [
          { id: 'a'.repeat(64), created_at: at(3600), last_used_at: at(20), expires_at: at(-600_000), address: '192.0.2.17', current: true },
          { id: 'b'.repeat(64), created_at: at(90_000), last_used_at: at(7200), expires_at: at(-500_000), address: '2001:db8:85a3:0:0:8a2e:370:7334', current: false },
          { id: 'c'.repeat(64), created_at: at(180_000), last_used_at: at(40_000), expires_at: at(-400_000), address: null, current: false },
        ] }];
      case 'DELETE /api/v1/account/sessions':
        return (this.role = null), [204];
      default:
        return [204];
    }
  }

  // [status, body] of one API request.
  answer(method, path, query, body, headers) {
    const route = `${method} ${path}`;
    if (route === 'GET /api/v1/setup' || route === 'POST /api/v1/setup') {
      if (!this.setup) throw new Refusal(404, 'not_found', 'There is nothing here.');
      if (method === 'GET') return [200, { open: true }];
      if (body.token !== 'one-time') throw new Refusal(403, 'setup.token', 'The token is not the one on the console.');
      Object.assign(this, { setup: false, role: 'admin' });
      return [201, this.session()];
    }
    if (route === 'POST /api/v1/session') {
      if (body.password !== 'correct horse battery') throw new Refusal(401, 'session.credentials', 'Username or password is wrong.');
      if (this.factor) return (this.half = true), [202, { second_factor: { enabled: true } }];
      this.role ??= 'admin';
      return [200, this.session()];
    }
    if (route === 'POST /api/v1/session/second-factor') {
      if (!this.half || body.code !== '123456') throw new Refusal(401, 'sign_in.code', 'The code is wrong, or was used before.');
      Object.assign(this, { half: false, role: this.role ?? 'admin' });
      return [200, this.session()];
    }
    if (this.role === null) throw new Refusal(401, 'session.none', 'Nobody is signed in.');
    if (route === 'GET /api/v1/session') return [200, this.session()];
    if (this.fail) throw new Refusal(this.fail, this.fail === 403 ? 'permission' : 'store.failed', 'The store did not answer: disk I/O error.');
    if (method !== 'GET' && headers['x-csrf-token'] !== 'mock-csrf-token') throw new Refusal(403, 'csrf', 'The CSRF token is missing.');
    if (route === 'DELETE /api/v1/session') return (this.role = null), [204];
    if (path.startsWith('/api/v1/account/') || path === '/api/v1/session/step-up') return this.account(route, body);
    const [, , , collection, id, action] = path.split('/');
    switch (`${method} ${collection}${id ? '/{id}' : ''}${action ? `/${action}` : ''}`) {
      case 'GET overview': return [200, this.overview()];
      case 'GET agents': return [200, this.agents(query)];
      case 'GET agents/{id}': return [200, this.agent(id)];
      case 'POST agents/{id}/accept': return this.decide(id, 'active', ''), [204];
      case 'PUT agents/{id}/site': return [200, this.moveAgent(id, body.site_id)];
      case 'POST agents/{id}/revoke': return this.needProof(), this.decide(id, 'revoked', body.reason), [204];
      case 'POST agents/{id}': return body.agent_ids.forEach((each) => this.decide(each, 'active', '')), [200, { skipped: [] }];
      case 'GET agents/{id}/updates': return [200, page(this.updateRows(query, id), query)];
      case 'GET agents/{id}/metrics': return [200, this.metrics(id, query)];
      case 'GET agents/{id}/record-kinds': return [200, this.recordKinds()];
      case 'GET agents/{id}/records': return [200, this.records(query)];
      case 'GET agents/{id}/history': return [200, this.history(id, query)];
      case 'GET updates': return [200, this.groups(query)];
      case 'GET updates/{id}': return [200, id === 'rows' ? page(this.updateRows(query), query) : this.update(id)];
      case 'GET ignore-rules': return [200, page(this.fleet.rules.filter((rule) => (query.get('state') ?? 'active').split(',').includes(rule.state)), query)];
      case 'POST ignore-rules': return this.ignore(body, query.get('preview') === '1');
      case 'POST ignore-rules/{id}/lift': return [200, this.lift(id)];
      case 'GET profiles': return [200, { items: this.profiles.rows }];
      case 'GET profiles/{id}': return [200, id === 'schema' ? { schema: settings_schema } : this.profiles.place(query)];
      case 'POST profiles': return this.profiles.add(body, query.get('preview') === '1');
      case 'PUT profiles/{id}': return this.profiles.change(id, body);
      case 'DELETE profiles/{id}': return this.profiles.remove(id);
      case 'GET agents/{id}/settings': return [200, this.profiles.ofAgent(id)];
      case 'GET approval-policies': return [200, { items: this.fleet.policies }];
      case 'POST approval-policies': return this.addPolicy(body, query.get('preview') === '1');
      case 'PUT approval-policies/{id}': return [200, Object.assign(this.policyOf(id), body, { second_person: null })];
      case 'POST approval-policies/{id}/approve': return [200, this.approveBeforehand(this.policyOf(id), body)];
      case 'POST approval-policies/{id}/withdraw-approval': return [200, Object.assign(this.policyOf(id), { second_person: null })];
      case 'DELETE approval-policies/{id}': return (this.fleet.policies = this.fleet.policies.filter((policy) => policy.id !== id)), [204];
      case 'GET groups': return [200, { items: this.machineGroups().map(({ members, ...group }) => group) }];
      case 'GET groups/{id}': return [200, this.groupOf(id)];
      case 'POST groups': return this.needProof(), [201, this.addGroup(body)];
      case 'PUT groups/{id}': return this.needProof(), [200, fillGroup(this.fleet, Object.assign(this.groupOf(id), { name: body.name }), body.agent_ids)];
      case 'DELETE groups/{id}': return this.needProof(), (this.grouped = this.machineGroups().filter((group) => group.id !== id)), [204];
      case 'GET maintenance-windows': return [200, { items: this.windows() }];
      case 'POST maintenance-windows': return this.needProof(), [201, this.addWindow(body)];
      case 'POST maintenance-windows/{id}': return [200, windowForecast(this.fleet, body)];
      case 'PUT maintenance-windows/{id}': return this.needProof(), [200, Object.assign(this.windows().find((window) => window.id === id), body)];
      case 'DELETE maintenance-windows/{id}': return this.needProof(), (this.defined = this.windows().filter((window) => window.id !== id)), [204];
      case 'GET agents/{id}/maintenance-windows': return [200, windowsOfMachine(this.windows(), this.fleet, this.agent(id))];
      case 'GET sites/{id}/maintenance-windows': return [200, windowsInForce(this.windows(), this.fleet, id)];
      case 'POST commands/{id}/run-outside-window': return this.needProof(), [200, Object.assign(this.find(id), { state: 'queued', window: null, outside_window: body.reason })];
      case 'POST approvals': return [query.get('preview') === '1' ? 200 : 201, this.approve(body, query, headers['idempotency-key'])];
      case 'GET command-types': return [200, { items: command_types }];
      case 'GET commands': return [200, this.commands(query)];
      case 'POST commands': return [201, this.order(body)];
      case 'GET commands/{id}': return [200, this.command(id)];
      case 'POST commands/{id}/cancel': return [200, this.change(id, { state: 'cancelled', percent: null, progress: null })];
      case 'POST commands/{id}/confirm': return [200, this.confirm(id)];
      case 'POST commands/{id}/retry': return [201, this.again(id)];
      case 'GET held-orders': return [200, page(this.heldOrders(), query)];
      case 'POST held-orders/{id}/approve':
      case 'POST held-orders/{id}/decline': return [200, this.decideOrder(id, body)];
      case 'GET second-person-rules': return [200, { items: this.secondPersonRules() }];
      case 'PUT second-person-rules/{id}': return [200, this.setRule(id, body.machines)];
      case 'GET enrolment-tokens': return [200, { items: this.fleet.tokens }];
      case 'POST enrolment-tokens': return [201, this.token(body)];
      case 'POST agents/{id}/rebind': return [201, { id: makeId('TKN', 90), bundle: `rfb1.${'b'.repeat(600)}`, expires_at: new Date(Date.now() + 86_400_000).toISOString() }];
      case 'DELETE enrolment-tokens/{id}': return (this.fleet.tokens.find((token) => token.id === id).revoked = true), [204];
      case 'GET audit': return [200, this.audit(query)];
      case 'GET audit/{id}': return [200, this.auditHead()];
      case 'GET errors': return [200, this.errors(query)];
      case 'GET errors/{id}': return [200, this.error(id)];
      case 'POST errors': return this.reported.push(...body.errors), [204];
      case 'GET security': return [200, this.security()];
      case 'GET rate-limits': return [200, { items: this.rateLimits() }];
      case 'PUT rate-limits/{id}': return [200, this.setRate(id, body.per_minute)];
      case 'DELETE rate-limits/{id}': return [200, this.setRate(id, null)];
      case 'GET clients': return [200, { items: this.fleet.clients }];
      case 'PUT session/{id}': return body.old_password === 'correct horse battery' ? [200, this.session()] : this.refuse(403, 'password.wrong', 'This is not the password until now.', 'old_password');
      case 'GET users': return [200, { items: this.people() }];
      case 'POST users': return [201, this.newAccount('users', { username: body.username, grants: body.grants })];
      case 'GET service-accounts': return [200, { items: this.scripts() }];
      case 'POST service-accounts': return [201, this.newAccount('service-accounts', { name: body.name, grants: body.grants, tokens: [] })];
      case 'POST service-accounts/{id}/tokens': return [201, this.newToken(id, body)];
      case 'PATCH users/{id}':
      case 'PATCH service-accounts/{id}':
        this.needProof();
        return [200, Object.assign(this.accountsOf(collection).find((each) => each.id === id), body)];
      case 'POST clients': return [201, this.newPlace(this.fleet.clients, { name: body.name, sites: [] })];
      case 'POST clients/{id}/sites': return [201, this.newPlace(this.fleet.clients.find((each) => each.id === id).sites, { name: body.name, agents: 0, time_zone: 'UTC' })];
      case 'PATCH clients/{id}': return [200, Object.assign(this.fleet.clients.find((each) => each.id === id), body)];
      case 'PATCH sites/{id}': return [200, Object.assign(this.fleet.clients.flatMap((each) => each.sites).find((each) => each.id === id), body)];
      case 'PUT sites/{id}/time-zone': return [200, Object.assign(this.fleet.clients.flatMap((each) => each.sites).find((each) => each.id === id), body)];
      case 'GET schedules': return [200, page(this.schedules(), query)];
      case 'POST schedules': return [201, this.newSchedule(body)];
      case 'POST schedules/{id}': return [200, this.forecast(body)];
      case 'GET schedules/{id}': return [200, this.scheduleOf(id)];
      case 'PUT schedules/{id}': return [200, Object.assign(this.scheduleOf(id), body)];
      case 'POST schedules/{id}/pause': return [200, Object.assign(this.scheduleOf(id), { state: 'paused', next_at: null })];
      case 'POST schedules/{id}/resume': return [200, Object.assign(this.scheduleOf(id), { state: 'active', next_at: this.fleet.at(-7200) })];
      case 'POST schedules/{id}/approve': return [200, this.approveBeforehand(this.scheduleOf(id), body)];
      case 'POST schedules/{id}/withdraw-approval': return [200, Object.assign(this.scheduleOf(id), { second_person: null })];
      case 'GET schedules/{id}/runs': return [200, page(this.runs(), query)];
      case 'DELETE schedules/{id}': return (this.planned = this.schedules().filter((each) => each.id !== id)), [204];
      case 'PUT users/{id}/password':
      case 'POST users/{id}/second-factor':
      case 'DELETE users/{id}':
      case 'DELETE service-accounts/{id}':
      case 'DELETE api-tokens/{id}':
      case 'DELETE clients/{id}':
      case 'DELETE sites/{id}':
        return [204];
      default: throw new Refusal(404, 'not_found', `There is no ${route}.`);
    }
  }

  decide(id, state, reason) {
    const agent = this.fleet.agents.find((each) => each.id === id);
    agent.identity = { state, reason, since: new Date().toISOString() };
    this.emit('agent', { agent_id: id });
  }

  refuse(status, code, text, field) {
    throw new Refusal(status, code, text, field);
  }

  windows() {
    this.defined ??= this.fleet.agents.length === 0 ? [] : makeWindows(this.fleet);
    return this.defined;
  }

  machineGroups() {
    this.grouped ??= makeGroups(this.fleet);
    return this.grouped;
  }

  groupOf(id) {
    return this.machineGroups().find((group) => group.id === id) ?? this.refuse(404, 'group.not_found', 'There is no such group.');
  }

  addGroup(wish) {
    const client = this.fleet.clients.find((each) => each.id === wish.client_id);
    const made = { ...makeGroup(this.fleet, client, 10 + this.machineGroups().length, wish.name), members: [] };
    this.machineGroups().push(fillGroup(this.fleet, made, wish.agent_ids ?? []));
    return made;
  }

  addWindow(wish) {
    const client = this.fleet.clients.find((each) => each.id === wish.client_id);
    const made = { ...this.windows()[0], notice_minutes: 60, ...wish, id: makeId('WNDW', 10 + this.windows().length), client_id: client.id, client_name: client.name, site_id: wish.site_id ?? null, site_name: null, group_id: wish.group_id ?? null, group_name: this.machineGroups().find((group) => group.id === wish.group_id)?.name ?? null, agent_id: wish.agent_id ?? null, hostname: null, when: 'every Saturday at 22:00' };
    this.windows().push(made);
    return made;
  }

  schedules() {
    const { at, clients } = this.fleet;
    if (clients.length === 0 || this.fleet.agents.length === 0) return [];
    const one = (n, name, type, scope, rule, when, more = {}) => ({
      id: makeId('SCHED', n), name, type, parameters: {}, scope, rule, when, time_zone: null, catch_up_s: 3600, state: 'active', author: 'mara',
      created_at: at(2_000_000), changed_at: at(90_000), next_at: at(-30_000), second_person: null, ...more,
    });
    this.planned ??= [
      one(1, 'Look again every night', 'scan', { client_id: clients[0].id }, { repeat: 'daily', time: '02:00' }, 'every day at 02:00'),
      one(2, 'Greet the <b>office</b> of Northfield', 'greet', { site_id: clients[1].sites[1].id }, { repeat: 'weekly', time: '07:30', weekdays: ['mon', 'thu'] }, 'every Monday and Thursday at 07:30', { parameters: { whom: 'everybody' }, catch_up_s: 0 }),
      one(3, 'Restart after Patch Tuesday', 'scan', { everything: true }, { repeat: 'patch_tuesday', time: '23:00', after_days: 4 }, 'every month, 4 days after Patch Tuesday, at 23:00', { time_zone: 'Europe/Berlin', state: 'paused', next_at: null }),
      one(4, 'Once, tonight', 'scan', { agent_ids: this.fleet.agents.slice(0, 2).map((each) => each.id) }, { repeat: 'once', time: '02:30', date: '2026-01-04' }, 'once, on 2026-01-04 at 02:30', { state: 'done', next_at: null }),
      one(5, 'Wipe after each quarter', 'wipe', { client_id: clients[0].id }, { repeat: 'monthly', time: '04:00', day: 1 }, 'every month, on the 1st, at 04:00', { author: 'jo', second_person: { by: 'erin', at: at(80_000), reason: 'looked at it with jo', counts: true } }),
    ];
    return this.planned;
  }

  scheduleOf(id) {
    const found = this.schedules().find((each) => each.id === id);
    if (!found) throw new Refusal(404, 'schedule.not_found', 'There is no such schedule.');
    return found;
  }

  newSchedule(wish) {
    const made = { ...this.schedules()[0], ...wish, id: makeId('SCHED', 100 + this.schedules().length), when: 'every day at 02:00' };
    this.planned.push(made);
    return made;
  }

  forecast({ rule }) {
    const next = [1, 2, 3, 4, 5].map((n) => ({ at: this.fleet.at(-86_400 * n), local: `2026-03-${26 + n}T${rule.time}`, moved: n === 3 }));
    const waits = [{ window: 'the window "Night" of the client Northfield Surgery', opens_at: this.fleet.at(-90_000), closes_at: this.fleet.at(-115_200), agents: 12 }];
    return { agents: 41, left_out: 1, waits, zones: [{ time_zone: 'Europe/London', sites: 3, next }, { time_zone: 'America/New_York', sites: 1, next: next.map((each) => ({ ...each, moved: false })) }] };
  }

  runs() {
    const { at } = this.fleet;
    const run = (n, more) => ({ id: makeId('RVN', n), time_zone: n % 2 ? 'Europe/London' : 'America/New_York', local: `2026-01-${20 - n}T02:00`, due_at: at(86_400 * n), at: at(86_400 * n - 3), outcome: 'ordered', reason: null, ordered: 40, states: { succeeded: 38, failed: 1, expired: 1 }, left_out: [], ...more });
    return [
      run(1, { states: { running: 3, succeeded: 37 } }),
      run(2, { left_out: [{ hostname: 'web-<i>01</i>', code: 'agent.report_mode', text: 'it is in report mode: nothing can be changed there' }, { hostname: 'db-02', code: 'agent.not_active', text: 'it gets no orders: it is cloned' }] }),
      run(3, { outcome: 'missed', ordered: 0, states: {}, reason: { code: 'schedule.too_late', text: 'no server could carry it out within 60 minutes' } }),
      run(4, { outcome: 'refused', ordered: 0, states: {}, reason: { code: 'schedule.author_gone', text: 'mara, who saved it last, may do nothing any more' } }),
    ];
  }

  people() {
    const { at, clients } = this.fleet;
    const [first, second] = clients;
    this.users ??= [
      { id: makeId('USER', 1), username: 'mara', grants: [{ role: 'admin', client_id: null, site_id: null }], disabled: false, created_at: at(9_000_000), last_used_at: at(20) },
      { id: makeId('USER', 2), username: 'jo@northfield.example', grants: [{ role: 'approver', client_id: first.id, site_id: null }, { role: 'viewer', client_id: second.id, site_id: second.sites[0].id }], disabled: false, created_at: at(8_000_000), last_used_at: at(90_000) },
      { id: makeId('USER', 3), username: 'a-name-that-is-as-long-as-names-may-be-with-its-sixty-four-letters', grants: [{ role: 'technician', client_id: makeId('GONE', 1), site_id: null }], disabled: true, created_at: at(7_000_000), last_used_at: null },
    ];
    return this.users;
  }

  scripts() {
    const { at, clients } = this.fleet;
    const token = (n, name, expires, revoked) => ({ id: makeId('APITKN', n), name, created_at: at(500_000), created_by: 'mara', expires_at: at(expires), revoked, ended: n === 2, last_used_at: at(900) });
    this.services ??= [
      { id: makeId('SRVC', 1), name: 'nightly-report', grants: [{ role: 'viewer', client_id: null, site_id: null }], disabled: false, created_at: at(600_000), last_used_at: at(900), tokens: [token(1, 'cron on the report host', -3_000_000, false), token(2, 'the one before', 80_000, false), token(3, 'pasted into a chat', -90_000, true)] },
      { id: makeId('SRVC', 2), name: 'ticket-bridge', grants: [{ role: 'approver', client_id: clients[0].id, site_id: null }], disabled: false, created_at: at(400_000), last_used_at: null, tokens: [] },
    ];
    return this.services;
  }

  accountsOf(collection) {
    return collection === 'users' ? this.people() : this.scripts();
  }

  newAccount(collection, account) {
    const accounts = this.accountsOf(collection);
    accounts.push({ id: makeId('ACCT', accounts.length), disabled: false, created_at: new Date().toISOString(), last_used_at: null, ...account });
    return accounts.at(-1);
  }

  newToken(id, { name, expires_in_s }) {
    const account = this.scripts().find((each) => each.id === id);
    const token = { id: makeId('APITKN', 90 + account.tokens.length), name, created_at: new Date().toISOString(), created_by: 'mara', expires_at: new Date(Date.now() + expires_in_s * 1000).toISOString(), revoked: false, ended: false, last_used_at: null };
    account.tokens.unshift(token);
    return { ...token, token: 'rf_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG' };
  }

  newPlace(places, place) {
    places.push({ id: makeId('PLACE', places.length), ...place });
    return places.at(-1);
  }

  change(id, change) {
    const command = Object.assign(this.find(id), change, { state_since: new Date().toISOString() });
    this.emit('command', { command_id: id, agent_id: command.agent_id, state: command.state });
    return command;
  }

  add(command) {
    this.fleet.commands.unshift(command);
    this.emit('command', { command_id: command.id, agent_id: command.agent_id, state: command.state });
    return command;
  }

  fresh(type, title, agent, retry_of = null) {
    const now = new Date();
    return {
      id: makeId('CMND', 5000 + this.fleet.commands.length), type, title, agent_id: agent.id ?? agent.agent_id,
      client_id: agent.client?.id ?? agent.client_id, site_id: agent.site?.id ?? agent.site_id, hostname: agent.hostname, state: 'queued',
      state_since: now.toISOString(), created_at: now.toISOString(), actor: 'mara', expires_at: new Date(now.getTime() + 86_400_000).toISOString(), retry_of,
      not_before: now.toISOString(), window: null, outside_window: null,
      order_id: null, approved_by: null, percent: null, progress: null, reason: null,
    };
  }

  order(body) {
    const found = this.fleet.agents.filter((agent) => body.agent_ids.includes(agent.id));
    if (body.parameters.names?.includes('nobody')) throw new Refusal(422, 'command.bad_parameters', 'Nobody is greeted.', '/parameters/names/0');
    const { title, risk } = command_types.find((type) => type.type === body.type);
    if (risk === 'destructive') this.needProof();
    return { items: found.map((agent) => this.add(this.fresh(body.type, title, agent))) };
  }

  again(id) {
    const command = this.find(id);
    return this.add(this.fresh(command.type, command.title, command, id));
  }

  confirm(id) {
    const install = this.fresh('install_updates', 'Install updates', this.find(id));
    for (const update of this.fleet.updates.filter((each) => each.command_id === id)) {
      Object.assign(update, { state: 'planned', command_id: install.id, waiting_for: 'the machine is about to fetch the order for the install' });
    }
    return this.add(install);
  }

  token(body) {
    const token = { id: makeId('TKN', 50 + this.fleet.tokens.length), created_at: new Date().toISOString(), expires_at: new Date(Date.now() + body.expires_in_s * 1000).toISOString(), seats: body.seats, seats_used: 0, accept: body.accept ?? 'auto', revoked: false, rebinds: null };
    this.fleet.tokens.unshift(token);
    const bundle = `rfb1.${Buffer.from(JSON.stringify({ v: 1, urls: ['https://redflag.example.org:8443'], token: 'mock', ca: ['A'.repeat(300), 'B'.repeat(300)] })).toString('base64url')}`;
    return { id: token.id, bundle, expires_at: token.expires_at, seats: token.seats, accept: token.accept };
  }
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

async function sendFile(mock, path, response) {
  const wanted = extname(path) ? normalize(path) : '/index.html';
  const content = await readFile(join(mock.dist, wanted)).catch(() => null);
  if (!content) return response.writeHead(404).end();
  response.writeHead(200, {
    'Content-Type': types[extname(wanted)] ?? 'application/octet-stream',
    'Content-Security-Policy': content_security_policy,
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(content);
}

async function handle(mock, request, response) {
  const url = new URL(request.url, 'http://mock.example');
  if (!url.pathname.startsWith('/api/')) return sendFile(mock, url.pathname, response);
  if (mock.away) return request.socket.destroy();
  mock.requests.push(`${request.method} ${url.pathname}`);
  if (url.pathname === '/api/v1/events' && mock.role !== null) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 500\n\n');
    mock.streams.add(response);
    response.on('close', () => mock.streams.delete(response));
    return;
  }
  if (mock.hold && url.pathname !== '/api/v1/session') return;
  try {
    const body = request.method === 'GET' ? {} : await readBody(request);
    const [status, answer] = mock.answer(request.method, url.pathname, url.searchParams, body, request.headers);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(answer && JSON.stringify(answer));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const problem = { type: 'about:blank', title: error.code, status: error.status, detail: error.message, code: error.code, request_id: makeId('RQST', 7), ...(error.field && { field: error.field }) };
    response.writeHead(error.status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify(problem));
  }
}

export async function startMock({ dist, port = 0, size = 180 }) {
  const mock = new Mock({ dist, size });
  const server = createServer((request, response) => {
    handle(mock, request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    mock,
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      mock.cutStreams();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = process.env.REDFLAG_WEB_DIST ?? join(here, '..', 'dist');
  const { url } = await startMock({ dist, port: Number(process.env.PORT ?? 8765), size: 3000 });
  console.log(`A made-up fleet is at ${url}`);
}
