// Machines: their list, and what is decided about them.
import { agentOf } from './agent.mjs';
import { has, in_doubt, isFilling, needProof, page, waitsForRestart } from './common.mjs';

function listAgents(mock, query) {
  const search = query.get('search') ?? '';
  const rows = mock.fleet.agents.filter(
    (agent) =>
      has(agent.hostname, search) &&
      (!query.get('client_id') || agent.client.id === query.get('client_id')) &&
      (!query.get('site_id') || agent.site.id === query.get('site_id')) &&
      (!query.get('connection') || agent.connection === query.get('connection')) &&
      (!query.get('breaker') || agent.breakers_open > 0) &&
      (!query.get('disk') || isFilling(agent)) &&
      (!query.get('reboot') || waitsForRestart(agent)) &&
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

function decideAgent(mock, id, state, reason) {
  const agent = mock.fleet.agents.find((each) => each.id === id);
  agent.identity = { state, reason, since: new Date().toISOString() };
  mock.emit('agent', { agent_id: id });
}

function moveAgent(mock, id, siteId) {
  const agent = mock.fleet.agents.find((each) => each.id === id);
  const site = mock.fleet.clients.find((each) => each.id === agent.client.id).sites.find((each) => each.id === siteId);
  agent.site = { id: site.id, name: site.name };
  return agent;
}

export const routes = {
  'GET agents': (mock, { query }) => [200, listAgents(mock, query)],
  'GET agents/{id}': (mock, { id }) => [200, agentOf(mock, id)],
  'POST agents/{id}/accept': (mock, { id }) => (decideAgent(mock, id, 'active', ''), [204]),
  'PUT agents/{id}/site': (mock, { id, body }) => [200, moveAgent(mock, id, body.site_id)],
  'POST agents/{id}/revoke': (mock, { id, body }) => (needProof(mock), decideAgent(mock, id, 'revoked', body.reason), [204]),
  'POST agents/{id}': (mock, { body }) => (body.agent_ids.forEach((each) => decideAgent(mock, each, 'active', '')), [200, { skipped: [] }]),
};
