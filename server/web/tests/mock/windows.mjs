// Maintenance windows: what is defined, what is in force at a site, when it opens.
import { agentOf } from './agent.mjs';
import { needProof } from './common.mjs';
import { makeId } from './data/ids.mjs';
import { listGroups } from './groups.mjs';

const kHourS = 3600;

function makeWindows({ clients, at }) {
  if (clients.length < 2) return [];
  const one = (n, client, site, name, rule, when, minutes) => ({
    id: makeId('WNDW', n), client_id: client.id, client_name: client.name, site_id: site?.id ?? null, site_name: site?.name ?? null,
    group_id: null, group_name: null, agent_id: null, hostname: null,
    name, rule, when, length_minutes: minutes, notice_minutes: 60, created_at: at(2_000_000), created_by: 'mara', changed_at: at(90_000), changed_by: 'jo',
  });
  return [
    one(1, clients[0], null, 'Night', { repeat: 'weekly', weekdays: ['mon', 'tue', 'wed', 'thu'], time: '22:00' }, 'every Monday, Tuesday, Wednesday and Thursday at 22:00', 420),
    one(2, clients[0], clients[0].sites[0], 'Sunday of the <b>tills</b> and of everything else that a shop has which opens on weekdays', { repeat: 'nth_weekday', nth: 'last', weekday: 'sun', time: '01:00' }, 'every month on the last Sunday at 01:00', 300),
    { ...one(4, clients[0], null, 'Databases alone', { repeat: 'weekly', weekdays: ['sun'], time: '03:00' }, 'every Sunday at 03:00', 120), group_id: makeId('GRUP', 1), group_name: 'Databases' },
    one(3, clients[1], null, 'After Patch Tuesday', { repeat: 'patch_tuesday', after_days: 3, time: '20:30' }, 'every month, 3 days after Patch Tuesday, at 20:30', 150),
  ];
}

const openings = (at, count, everyS, lengthS) => Array.from({ length: count }, (_, n) => ({ opens_at: at(-kHourS * 2 - n * everyS), closes_at: at(-kHourS * 2 - n * everyS - lengthS) }));

function windowsInForce(windows, { clients, at }, siteId) {
  const client = clients.find((each) => each.sites.some((site) => site.id === siteId));
  const own = windows.filter((window) => window.site_id === siteId);
  const items = own.length > 0 ? own : windows.filter((window) => window.client_id === client?.id && window.site_id === null && window.group_id === null);
  return {
    from: items.length === 0 ? null : own.length > 0 ? 'site' : 'client',
    time_zone: 'Europe/London',
    items,
    narrower: windows.filter((window) => window.client_id === client?.id && window.group_id !== null),
    open: items.length === 0,
    next: items.length === 0 ? [] : openings(at, 5, 86_400, items[0].length_minutes * 60),
  };
}

// Of `agent` as it is shown, with its groups.
function windowsOfMachine(windows, fleet, agent) {
  const items = windows.filter((window) => agent.groups.some((group) => group.id === window.group_id));
  const at_site = windowsInForce(windows, fleet, agent.site.id);
  if (items.length === 0) return { ...at_site, narrower: [] };
  return { ...at_site, from: 'group', items, narrower: [], open: false, next: openings(fleet.at, 5, 604_800, items[0].length_minutes * 60) };
}

function windowForecast({ at }, wish) {
  const next = openings(at, 5, 604_800, wish.length_minutes * 60);
  return { zones: [{ time_zone: 'Europe/London', sites: 3, agents: 41, problem: null, next }, { time_zone: 'America/New_York', sites: 1, agents: 2, problem: null, next }] };
}

// Of the machines of an approval, some wait and some need not.
export function windowWaits({ at }, agents) {
  return agents === 0 ? [] : [{ window: 'the window "Night" of the client Northfield Surgery', opens_at: at(-kHourS * 2), closes_at: at(-kHourS * 9), agents }];
}

export function soonToOpen({ clients, agents, at }) {
  const site = clients[0]?.sites[0];
  if (!site || agents.length === 0) return [];
  const one = (inS, count, window) => ({ client_id: clients[0].id, site_id: site.id, site_name: site.name, window, opens_at: at(-inS), closes_at: at(-inS - kHourS * 5), agents: count });
  return [one(kHourS * 2, 7, `the window "Night" of the client ${clients[0].name}`), one(kHourS * 9, 1, `the window "Sunday" of the site ${site.name}`)];
}

export function listWindows(mock) {
  mock.defined ??= mock.fleet.agents.length === 0 ? [] : makeWindows(mock.fleet);
  return mock.defined;
}

function addWindow(mock, wish) {
  const client = mock.fleet.clients.find((each) => each.id === wish.client_id);
  const group = listGroups(mock).find((each) => each.id === wish.group_id);
  const made = {
    ...listWindows(mock)[0], notice_minutes: 60, ...wish, id: makeId('WNDW', 10 + listWindows(mock).length),
    client_id: client.id, client_name: client.name, site_id: wish.site_id ?? null, site_name: null,
    group_id: wish.group_id ?? null, group_name: group?.name ?? null, agent_id: wish.agent_id ?? null, hostname: null, when: 'every Saturday at 22:00',
  };
  listWindows(mock).push(made);
  return made;
}

export const routes = {
  'GET maintenance-windows': (mock) => [200, { items: listWindows(mock) }],
  'POST maintenance-windows': (mock, { body }) => (needProof(mock), [201, addWindow(mock, body)]),
  'POST maintenance-windows/{id}': (mock, { body }) => [200, windowForecast(mock.fleet, body)],
  'PUT maintenance-windows/{id}': (mock, { id, body }) => (needProof(mock), [200, Object.assign(listWindows(mock).find((window) => window.id === id), body)]),
  'DELETE maintenance-windows/{id}': (mock, { id }) => (needProof(mock), (mock.defined = listWindows(mock).filter((window) => window.id !== id)), [204]),
  'GET agents/{id}/maintenance-windows': (mock, { id }) => [200, windowsOfMachine(listWindows(mock), mock.fleet, agentOf(mock, id))],
  'GET sites/{id}/maintenance-windows': (mock, { id }) => [200, windowsInForce(listWindows(mock), mock.fleet, id)],
};
