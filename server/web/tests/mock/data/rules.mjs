// Rules, policies and enrolment tokens that are there from the start.
import { makeId } from './ids.mjs';
import { clients, nowhere } from './places.mjs';

export function makeRules(agents, at) {
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

export function makePolicies(at) {
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

export function makeTokens(at) {
  return [
    { id: makeId('TKN', 1), created_at: at(7200), expires_at: at(-79200), seats: 25, seats_used: 11, accept: 'manual', revoked: false, rebinds: null },
    { id: makeId('TKN', 2), created_at: at(86400 * 3), expires_at: at(86400 * 2), seats: 1, seats_used: 1, accept: 'auto', revoked: false, rebinds: null },
    { id: makeId('TKN', 3), created_at: at(86400 * 9), expires_at: at(86400 * 8), seats: 5, seats_used: 0, accept: 'auto', revoked: true, rebinds: null },
  ];
}
