// A made-up fleet, the same at every start. Names are reserved ones (example.*), some of them as hostile as a machine may
// send them.

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function randomSource(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

export function makeId(kind, number) {
  let text = '';
  for (let rest = number, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text;
  return `01K${kind.toUpperCase().padEnd(13, '0').replace(/[ILOU]/g, 'X')}${text}`.slice(0, 26);
}

const systems = [
  ['Debian', '12'],
  ['Ubuntu', '24.04'],
  ['Ubuntu', '22.04'],
  ['AlmaLinux', '9.4'],
];
const clients = [
  { name: 'Harbour Dental', sites: ['Front desk', 'Practice'] },
  { name: 'Northfield Logistics', sites: ['Depot', 'Office', 'Yard'] },
  { name: 'Saint Agnes School', sites: ['Main building'] },
  { name: 'Wessel & Sons Precision Engineering and Toolmaking', sites: ['Works'] },
].map((client, c) => ({
  id: makeId('CLIENT', c + 1),
  name: client.name,
  sites: client.sites.map((name, s) => ({ id: makeId('SITE', c * 10 + s), name, agents: 0, time_zone: s === 1 ? 'America/New_York' : 'Europe/London' })),
}));

const packages = [
  ['openssl', 'openssl', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', 'security', 'high', 'Debian-Security', ['DSA-5999-1'], ['CVE-2099-10001', 'CVE-2099-10002']],
  ['libssl3', 'openssl', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', 'security', 'high', 'Debian-Security', ['DSA-5999-1'], ['CVE-2099-10001']],
  ['linux-image-amd64', 'linux-signed-amd64', '6.1.128-1', '6.1.137-1', 'security', 'critical', 'Debian-Security', ['DSA-5998-1'], ['CVE-2099-10077']],
  ['libc6', 'glibc', '2.36-9+deb12u9', '2.36-9+deb12u10', 'security', 'unknown', 'Debian-Security', [], []],
  ['nginx', 'nginx', '1.22.1-9', '1.22.1-9+deb12u1', 'security', 'medium', 'Debian-Security', ['DSA-5997-1'], ['CVE-2099-10055']],
  ['tzdata', 'tzdata', '2025a-0+deb12u1', '2025b-0+deb12u1', 'bugfix', 'unknown', 'Debian', [], []],
  ['postgresql-15', 'postgresql-15', '15.10-0+deb12u1', '15.13-0+deb12u1', 'security', 'low', 'Debian-Security', ['DSA-5996-1'], []],
  ['curl', 'curl', '7.88.1-10+deb12u8', '7.88.1-10+deb12u12', 'bugfix', 'unknown', 'Debian', [], []],
  ['base-files', 'base-files', '12.4+deb12u9', '12.4+deb12u11', 'enhancement', 'unknown', 'Debian', [], []],
  ['firmware-iwlwifi', 'firmware-nonfree', '20230210-5', '20230625-2~bpo12+1', 'firmware', 'unknown', 'Debian Backports', [], []],
  ['python3.11-minimal', 'python3.11', '3.11.2-6+deb12u4', '3.11.2-6+deb12u6', 'security', 'unknown', 'Debian-Security', [], ['CVE-2099-10012']],
  ['a-package-with-an-unreasonably-long-name-that-somebody-really-published-dev', 'long', '1:2.3.4+git20990101.0badc0ffee-0ubuntu0.22.04.1~ppa1', '1:2.3.5+git20990202.0badc0ffee-0ubuntu0.22.04.1~ppa1', 'unknown', 'unknown', 'LP-PPA-example-long-archive', [], []],
  ['<b>bold</b>', 'hostile', '1.0', '1.1<script>window.hostile=1</script>', 'feature', 'unknown', '"><img src=x onerror=window.hostile=1>', [], []],
];

const hostile_hostname = '<img src=x onerror="window.hostile=1">.example.net';
const turned_hostname = 'db-\u202Egnp.tnuocca\u202C.example.net';
const state_order = ['available', 'available', 'ignored', 'cleared', 'approved', 'planned', 'awaiting_confirmation', 'installing', 'installed', 'verified', 'failed', 'available'];
const waiting = {
  available: 'a person to approve it',
  report_mode: 'somebody at the machine: its agent is in report mode and changes nothing',
  cleared: 'a person to order it: it is approved',
  ignored: 'mara ignores it: The till breaks with <b>it</b>.',
  failed: 'a person: the install failed, at try 1 of 3: dpkg ended with status 1: the post-installation script of nginx failed.',
  approved: 'the machine is about to fetch the order for the plan',
  planned: 'the machine has the order for the install',
  awaiting_confirmation: 'a person must confirm: the plan holds more than was approved',
  installing: 'the machine is installing',
  installed: 'the scan after the install must prove it',
};

const next = {
  available: 'the machine makes a plan, and installs what it covers',
  cleared: 'the machine makes a plan, and installs what it covers',
  ignored: 'it is open again at 2099-01-01T00:00:00Z',
  approved: 'it installs if the plan holds nothing but what was approved; else a person confirms',
  planned: 'a scan proves the install',
  awaiting_confirmation: 'confirmed, the plan is carried out; declined, the update is available again',
  installing: 'a scan proves the install',
  installed: 'it is verified, or fails',
  failed: 'it can be approved again',
};

function notApprovableBecause(agent, state, blocked_by) {
  if (state === 'verified') return 'it is verified already';
  if (state === 'ignored') return 'it is ignored: The till breaks with <b>it</b>.';
  if (!['available', 'failed', 'cleared'].includes(state)) return 'it is approved already and under way';
  if (agent.mode === 'report') return 'this agent is in report mode';
  return blocked_by ? `the package manager holds it back: ${blocked_by}` : null;
}

const behind = 'it says that its state is number 3, where the server has another one with number 7: restored from a backup, or a copy';
const identities = {
  20: { state: 'pending', reason: 'its enrolment token wants a person to accept each agent' },
  21: { state: 'cloned', reason: 'two machines hold this agent’s key and state, and both were heard of' },
  22: { state: 'restored', reason: behind },
  23: { state: 'restored', reason: behind },
};

export function makeFleet(size, now = Date.now()) {
  const random = randomSource(20250101);
  const at = (secondsAgo) => new Date(now - secondsAgo * 1000).toISOString().replace(/\.\d+Z/, 'Z');
  const agents = [];
  const updates = [];
  for (let n = 0; n < size; n += 1) {
    const client = clients[n % clients.length];
    const site = client.sites[n % client.sites.length];
    site.agents += 1;
    const [os_name, os_version] = systems[n % systems.length];
    const connection = n % 17 === 5 ? 'silent' : n % 41 === 12 ? 'never' : 'connected';
    const role = ['web', 'db', 'app', 'mail', 'build', 'files', 'pos', 'kiosk'][n % 8];
    const hostname =
      n === 3 ? hostile_hostname : n === 9 ? turned_hostname : n === 6 ? `a-hostname-of-sixty-three-characters-which-is-as-long-as-dns-takes.${role}.example.com` : `${role}-${String(n + 1).padStart(3, '0')}.example.com`;
    const agent = {
      id: makeId('AGENT', n + 1),
      hostname,
      client: { id: client.id, name: client.name },
      site: { id: site.id, name: site.name },
      os_name,
      os_version,
      agent_version: n % 9 === 0 ? '0.0.9' : '0.1.0',
      mode: n % 3 === 0 ? 'report' : 'act',
      isolation: n % 7 === 0 ? 'weak' : 'full',
      connection,
      last_seen_at: connection === 'never' ? null : at(connection === 'silent' ? 5 * 86400 + n * 900 : 20 + (n % 50)),
      enrolled_at: at(86400 * 30 - n * 60),
      identity: identities[n] ? { ...identities[n], since: at(7200) } : { state: 'active', reason: '', since: at(86400 * 30) },
      updates: { available: 0, installable: 0, security: 0, ignored: 0 },
      breakers_open: n % 23 === 4 ? 1 : 0,
      last_scan: connection === 'never' ? null : { at: at(600 + n * 37), plugin: 'apt', status: n % 11 === 2 ? 'transient' : 'ok', complete: n % 11 !== 2 },
      config: n % 29 === 7 ? { state: 'invalid', text: '/etc/redflag/agent.yaml line 12: plugins.apt.every: expected a duration such as "2h", found "two"' } : { state: 'ok', text: '' },
    };
    agents.push(agent);
    if (connection === 'never') continue;
    packages.forEach(([name, source_package, installed_version, candidate_version, category, severity, origin, advisories, cves], p) => {
      if (random() < 0.45 + (p === 0 ? -0.4 : 0)) return;
      const state = agent.mode === 'report' ? 'available' : state_order[Math.floor(random() * state_order.length)];
      const blocked_by = state === 'available' && random() < 0.12 ? ['held', 'phased', 'kept_back'][p % 3] : null;
      const approvable = agent.mode === 'act' && blocked_by === null && ['available', 'failed', 'cleared'].includes(state);
      const id = makeId('UPDATE', n * 50 + p);
      updates.push({
        id,
        agent_id: agent.id, client_id: agent.client.id, site_id: agent.site.id,
        hostname,
        manager: 'apt',
        key: `${name}:amd64`,
        name,
        arch: name === 'tzdata' ? 'all' : 'amd64',
        installed_version: n % 5 === 0 && p === 0 ? '3.0.14-1~deb12u2' : installed_version,
        candidate_version,
        source_package,
        origin,
        category,
        severity,
        blocked_by,
        download_bytes: p === 9 ? null : 120_000 + p * 733_421,
        needs_reboot: p === 2 ? true : p === 9 ? null : false,
        advisories,
        cves,
        state,
        state_since: at(300 + p * 1100 + n * 60),
        reason: state === 'failed' ? { code: 'apt.install_failed', text: 'dpkg ended with status 1: the post-installation script of nginx failed.' } : null,
        waiting_for:
          blocked_by === 'held' ? 'the hold that is set on the machine' : agent.mode === 'report' ? waiting.report_mode : (waiting[state] ?? null),
        next: next[state] ?? null,
        ignored: state === 'ignored' ? { rule_id: makeId('RVLE', 1), by: 'mara', until: at(-86400 * 12), reason: 'The till breaks with <b>it</b>.' } : null,
        command_id: ['available', 'verified', 'ignored', 'cleared'].includes(state) ? null : makeId('CMND', 100 + n),
        first_seen_at: at(3 * 86400 + p * 43000),
        approvable,
        not_approvable_because: notApprovableBecause(agent, state, blocked_by),
      });
    });
  }
  const updates_of = new Map(agents.map((agent) => [agent.id, []]));
  for (const update of updates) updates_of.get(update.agent_id).push(update);
  for (const agent of agents) {
    const own = updates_of.get(agent.id);
    const open = own.filter((update) => !['verified', 'ignored'].includes(update.state));
    agent.updates = {
      available: open.length,
      installable: open.filter((update) => update.blocked_by === null).length,
      security: open.filter((update) => update.category === 'security').length,
      ignored: own.filter((update) => update.state === 'ignored').length,
    };
  }
  return { agents, updates, clients, commands: makeCommands(agents, updates, at), tokens: makeTokens(at), rules: makeRules(agents, at), policies: makePolicies(at), at };
}

const nowhere = { client_id: null, client_name: null, site_id: null, site_name: null };

function makeRules(agents, at) {
  const [client] = clients;
  const rule = (number, of) => ({
    id: makeId('RVLE', number), ...nowhere, agent_id: null, hostname: null, manager: 'apt', key: null, pattern: null, version: null, until: null,
    reason: 'The till breaks with <b>it</b>.', state: 'active', created_at: at(86400 * number), created_by: 'mara', ended_at: null, ended_by: null, updates: 0, ...of,
  });
  return [
    rule(1, { pattern: 'postgresql-*', until: at(-86400 * 12), updates: 41 }),
    rule(2, { client_id: client.id, client_name: client.name, site_id: client.sites[0].id, site_name: client.sites[0].name, pattern: 'a-package-with-an-unreasonably-long-name-that-somebody-really-published-dev', updates: 3 }),
    rule(3, agents.length === 0 ? { key: 'nginx:amd64' } : { client_id: client.id, client_name: client.name, agent_id: agents[0].id, hostname: agents[0].hostname, key: 'nginx:amd64', version: '1.22.1-9+deb12u1', updates: 1 }),
    rule(4, { pattern: 'curl', state: 'lifted', ended_at: at(3600), ended_by: 'jo' }),
    rule(5, { pattern: 'tzdata', state: 'expired', until: at(86400), ended_at: at(86400) }),
  ];
}

function makePolicies(at) {
  const made = { created_at: at(86400 * 20), created_by: 'mara', changed_at: at(86400 * 2), changed_by: 'jo', second_person: null };
  const [client] = clients;
  const no_group = { group_id: null, group_name: null };
  return [
    { id: makeId('PXXICY', 1), ...nowhere, ...no_group, name: 'Security after a day, the rest after a week', enabled: true, action: 'install', age_from: 'first_seen', managers: [], include: [], exclude: ['postgresql-*', 'linux-image-*'],
      lines: [{ categories: ['security'], severities: [], after_hours: 24 }, { categories: [], severities: [], after_hours: 168 }], ...made },
    { id: makeId('PXXICY', 2), ...nowhere, ...no_group, client_id: client.id, client_name: client.name, site_id: client.sites[0].id, site_name: client.sites[0].name, name: 'Tills: only what is grave', enabled: false, action: 'approve', age_from: 'published', managers: ['apt'], include: [], exclude: [],
      lines: [{ categories: ['security'], severities: ['critical', 'high'], after_hours: 6 }], ...made },
    { id: makeId('PXXICY', 3), ...nowhere, ...no_group, client_id: client.id, client_name: client.name, name: 'Browsers at once', enabled: true, action: 'install', age_from: 'first_seen', managers: [], include: ['firefox*', 'chromium*'], exclude: [],
      lines: [{ categories: [], severities: [], after_hours: 0 }], ...made, second_person: { by: 'kim', at: at(86400), reason: 'they break nothing, <b>and</b> wait for nobody', counts: false } },
    { id: makeId('PXXICY', 4), ...nowhere, client_id: client.id, client_name: client.name, group_id: makeId('GRUP', 1), group_name: 'Databases', name: 'Databases: a person decides', enabled: true, action: 'approve', age_from: 'first_seen', managers: [], include: [], exclude: ['*'],
      lines: [{ categories: [], severities: [], after_hours: 0 }], ...made },
  ];
}

function makeTokens(at) {
  return [
    { id: makeId('TKN', 1), created_at: at(7200), expires_at: at(-79200), seats: 25, seats_used: 11, accept: 'manual', revoked: false, rebinds: null },
    { id: makeId('TKN', 2), created_at: at(86400 * 3), expires_at: at(86400 * 2), seats: 1, seats_used: 1, accept: 'auto', revoked: false, rebinds: null },
    { id: makeId('TKN', 3), created_at: at(86400 * 9), expires_at: at(86400 * 8), seats: 5, seats_used: 0, accept: 'auto', revoked: true, rebinds: null },
  ];
}

function makeCommands(agents, updates, at) {
  const states = ['running', 'queued', 'delivered', 'accepted', 'succeeded', 'succeeded', 'failed', 'refused', 'expired', 'cancelled', 'lost', 'succeeded'];
  const reasons = {
    failed: { code: 'apt.install_failed', text: 'dpkg ended with status 1: the post-installation script of nginx failed.' },
    refused: { code: 'policy.window', text: 'line 14 of the policy allows upgrade of nginx by apt/install only in Mon-Fri 22:00-05:00; now it is Tue 14:12' },
    expired: { code: 'command.expired', text: 'The machine did not fetch it in time.' },
    lost: { code: 'command.lost', text: 'The machine has been silent since it accepted this.' },
  };
  const acting = agents.filter((agent) => agent.mode === 'act' && agent.connection !== 'never');
  return acting.slice(0, 60).map((agent, n) => {
    const number = agents.indexOf(agent);
    const own = updates.filter((update) => update.command_id === makeId('CMND', 100 + number));
    if (n % 3 !== 1) {
      for (const update of own) if (update.state === 'awaiting_confirmation') Object.assign(update, { state: 'installing', waiting_for: waiting.installing });
    }
    const waits = own.some((update) => update.state === 'awaiting_confirmation');
    const state = waits ? 'succeeded' : n === 14 ? 'scheduled' : states[n % states.length];
    const installed = (state === 'succeeded' && n % 2 === 0) || state === 'scheduled';
    const type = waits ? 'plan_updates' : installed ? 'install_updates' : ['install_updates', 'scan', 'plan_updates'][n % 3];
    return {
      id: makeId('CMND', 100 + number),
      type,
      title: { install_updates: 'Install updates', scan: 'Scan', plan_updates: 'Plan updates' }[type],
      agent_id: agent.id, client_id: agent.client.id, site_id: agent.site.id,
      hostname: agent.hostname,
      state,
      state_since: at(30 + n * 240),
      created_at: at(90 + n * 260),
      actor: n % 4 === 0 ? 'system' : 'mara',
      not_before: at(state === 'scheduled' ? -7200 : 90 + n * 260),
      expires_at: at(-86400 + n * 200),
      window: state === 'scheduled' ? { text: 'the window "Night" of the client Northfield Surgery', opens_at: at(-7200), missed: 1, gives_up_at: at(-86400 * 3) } : null,
      outside_window: state === 'running' ? 'The shop is closed today, and the exploit is out' : null,
      order_id: makeId('RDR', 100 + number),
      approved_by: n % 7 === 3 ? 'erin' : null,
      retry_of: n % 13 === 6 ? makeId('CMND', 100 + agents.indexOf(acting[0])) : null,
      percent: state === 'running' ? 42 : null,
      progress: state === 'running' ? 'Unpacking libssl3:amd64 (3.0.17-1~deb12u2)' : null,
      reason: reasons[state] ?? null,
    };
  });
}
