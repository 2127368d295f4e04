// A made-up fleet, the same at every start. Names are reserved ones (example.*), some of them as hostile as a machine may
// send them.
import { makeCommands } from './commands.mjs';
import { makeId } from './ids.mjs';
import { clients } from './places.mjs';
import { makePolicies, makeRules, makeTokens } from './rules.mjs';
import { makeUpdates } from './updates.mjs';

function randomSource(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

const systems = [
  ['Debian', '12'],
  ['Ubuntu', '24.04'],
  ['Ubuntu', '22.04'],
  ['AlmaLinux', '9.4'],
];

const hostile_hostname = '<img src=x onerror="window.hostile=1">.example.net';
const turned_hostname = 'db-\u202Egnp.tnuocca\u202C.example.net';
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
    updates.push(...makeUpdates(agent, n, random, at));
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
