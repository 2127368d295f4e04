// Approving updates.
import { Refusal } from './common.mjs';
import { makeId } from './data/ids.mjs';
import { windowWaits } from './windows.mjs';

function approve(mock, body, query, key) {
  const preview = query.get('preview') === '1';
  if (!preview && !key) throw new Refusal(400, 'idempotency.missing', 'An approval needs an Idempotency-Key.');
  if (!preview && mock.keys.has(key)) return mock.keys.get(key);
  const group = body.group;
  const rows = mock.fleet.updates.filter((update) =>
    group
      ? update.name === group.name && update.arch === group.arch && update.candidate_version === group.candidate_version
      : body.update_ids.includes(update.id),
  );
  const good = rows.filter((update) => update.approvable);
  const answer = {
    approval_id: preview ? null : makeId('APPRVX', mock.keys.size + 1),
    approved: good.length,
    agents: new Set(good.map((update) => update.agent_id)).size,
    skipped: rows.filter((update) => !update.approvable).map((update) => ({
      update_id: update.id, hostname: update.hostname, name: update.name,
      code: 'approval.not_approvable', text: update.not_approvable_because,
    })),
    command_ids: [],
    awaiting_approval: false,
    waits: preview ? windowWaits(mock.fleet, new Set(good.map((update) => update.agent_id)).size) : [],
  };
  if (!preview) {
    mock.keys.set(key, answer);
    for (const update of good) {
      Object.assign(update, { state: 'approved', approvable: false, not_approvable_because: 'it is approved already and under way', waiting_for: 'the machine is about to fetch the order for the plan' });
      mock.emit('update', { agent_id: update.agent_id, update_id: update.id, state: 'approved' });
    }
  }
  return answer;
}

export const routes = {
  'POST approvals': (mock, { query, body, headers }) => [query.get('preview') === '1' ? 200 : 201, approve(mock, body, query, headers['idempotency-key'])],
};
