// Rules that ignore updates.
import { closed_states, page } from './common.mjs';
import { makeId } from './data/ids.mjs';

// Rules of this server cover exact names.
function addIgnoreRule(mock, body, preview) {
  const name = body.pattern ?? body.key.split(':')[0];
  const rows = mock.fleet.updates.filter((update) => update.name === name && (!body.agent_id || update.agent_id === body.agent_id) && !closed_states.includes(update.state));
  const free = rows.filter((update) => ['available', 'failed', 'cleared'].includes(update.state));
  const sample = free.slice(0, 100).map(({ id, hostname, name: named, candidate_version }) => ({ update_id: id, hostname, name: named, candidate_version }));
  if (preview) return [200, { updates: free.length, agents: new Set(free.map((update) => update.agent_id)).size, under_way: rows.length - free.length, sample }];
  const rule = {
    id: makeId('RVLE', 10 + mock.fleet.rules.length), client_id: null, client_name: null, site_id: null, site_name: null, agent_id: null, hostname: null, manager: null, key: null, pattern: null, version: null, until: null,
    ...body, state: 'active', created_at: mock.fleet.at(0), created_by: 'mara', ended_at: null, ended_by: null, updates: free.length,
  };
  mock.fleet.rules.unshift(rule);
  for (const update of free) {
    Object.assign(update, { state: 'ignored', approvable: false, ignored: { rule_id: rule.id, by: 'mara', until: rule.until, reason: rule.reason }, waiting_for: `mara ignores it: ${rule.reason}`, next: 'it stays ignored until somebody lifts the rule' });
  }
  return [201, rule];
}

function liftIgnoreRule(mock, id) {
  const rule = mock.fleet.rules.find((each) => each.id === id);
  Object.assign(rule, { state: 'lifted', ended_at: mock.fleet.at(0), ended_by: 'mara', updates: 0 });
  for (const update of mock.fleet.updates) {
    if (update.ignored?.rule_id === id) Object.assign(update, { state: 'available', ignored: null, approvable: true, waiting_for: 'a person to approve it' });
  }
  return rule;
}

export const routes = {
  'GET ignore-rules': (mock, { query }) => [200, page(mock.fleet.rules.filter((rule) => (query.get('state') ?? 'active').split(',').includes(rule.state)), query)],
  'POST ignore-rules': (mock, { query, body }) => addIgnoreRule(mock, body, query.get('preview') === '1'),
  'POST ignore-rules/{id}/lift': (mock, { id }) => [200, liftIgnoreRule(mock, id)],
};
