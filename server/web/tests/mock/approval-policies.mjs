// Policies that approve by themselves.
import { makeId } from './data/ids.mjs';
import { nowhere } from './data/places.mjs';
import { listGroups } from './groups.mjs';
import { approveBeforehand } from './second-person.mjs';

function addPolicy(mock, body, preview) {
  const rows = mock.fleet.updates.filter((update) => update.approvable && update.category === 'security');
  const sample = rows.slice(0, 100).map(({ id, hostname, name, candidate_version }) => ({ update_id: id, hostname, name, candidate_version }));
  if (preview) return [200, { updates: rows.length, agents: new Set(rows.map((update) => update.agent_id)).size, sample }];
  const made = { created_at: mock.fleet.at(0), created_by: 'mara', changed_at: mock.fleet.at(0), changed_by: 'mara', second_person: null };
  const group = listGroups(mock).find((each) => each.id === body.group_id);
  const policy = {
    id: makeId('PXXICY', 10 + mock.fleet.policies.length), ...nowhere, group_id: null, group_name: group?.name ?? null,
    enabled: true, age_from: 'first_seen', managers: [], include: [], exclude: [], ...body, ...made,
  };
  mock.fleet.policies.push(policy);
  return [201, policy];
}

function policyOf(mock, id) {
  return mock.fleet.policies.find((policy) => policy.id === id);
}

export const routes = {
  'GET approval-policies': (mock) => [200, { items: mock.fleet.policies }],
  'POST approval-policies': (mock, { query, body }) => addPolicy(mock, body, query.get('preview') === '1'),
  'PUT approval-policies/{id}': (mock, { id, body }) => [200, Object.assign(policyOf(mock, id), body, { second_person: null })],
  'POST approval-policies/{id}/approve': (mock, { id, body }) => [200, approveBeforehand(mock, policyOf(mock, id), body)],
  'POST approval-policies/{id}/withdraw-approval': (mock, { id }) => [200, Object.assign(policyOf(mock, id), { second_person: null })],
  'DELETE approval-policies/{id}': (mock, { id }) => ((mock.fleet.policies = mock.fleet.policies.filter((policy) => policy.id !== id)), [204]),
};
