// Groups of machines.
import { needProof, refuse } from './common.mjs';
import { makeId } from './data/ids.mjs';

function makeGroup({ at }, client, n, name) {
  return {
    id: makeId('GRUP', n), client_id: client.id, client_name: client.name, name, agents: 0,
    created_at: at(2_000_000), created_by: 'mara', changed_at: at(90_000), changed_by: 'jo', members: [],
  };
}

function fillGroup({ agents }, group, ids) {
  group.members = agents.filter((agent) => ids.includes(agent.id)).map((agent) => ({ agent_id: agent.id, hostname: agent.hostname, site_id: agent.site.id, site_name: agent.site.name }));
  group.agents = group.members.length;
  return group;
}

function makeGroups(fleet) {
  if (fleet.agents.length === 0) return [];
  const [client] = fleet.clients;
  const ids = fleet.agents.filter((agent) => agent.client.id === client.id).map((agent) => agent.id);
  return [fillGroup(fleet, makeGroup(fleet, client, 1, 'Databases'), ids.slice(0, 3)), fillGroup(fleet, makeGroup(fleet, client, 2, '<b>Tills</b> of every shop'), ids.slice(2, 14))];
}

export function listGroups(mock) {
  mock.grouped ??= makeGroups(mock.fleet);
  return mock.grouped;
}

function groupOf(mock, id) {
  return listGroups(mock).find((group) => group.id === id) ?? refuse(404, 'group.not_found', 'There is no such group.');
}

function addGroup(mock, wish) {
  const client = mock.fleet.clients.find((each) => each.id === wish.client_id);
  const made = { ...makeGroup(mock.fleet, client, 10 + listGroups(mock).length, wish.name), members: [] };
  listGroups(mock).push(fillGroup(mock.fleet, made, wish.agent_ids ?? []));
  return made;
}

export const routes = {
  'GET groups': (mock) => [200, { items: listGroups(mock).map(({ members, ...group }) => group) }],
  'GET groups/{id}': (mock, { id }) => [200, groupOf(mock, id)],
  'POST groups': (mock, { body }) => (needProof(mock), [201, addGroup(mock, body)]),
  'PUT groups/{id}': (mock, { id, body }) => (needProof(mock), [200, fillGroup(mock.fleet, Object.assign(groupOf(mock, id), { name: body.name }), body.agent_ids)]),
  'DELETE groups/{id}': (mock, { id }) => (needProof(mock), (mock.grouped = listGroups(mock).filter((group) => group.id !== id)), [204]),
};
