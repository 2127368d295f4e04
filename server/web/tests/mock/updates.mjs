// Updates: by machine, as groups of the same one, and one with its evidence.
import { commandOf } from './command.mjs';
import { Refusal, closed_states, has, page, wantedStates } from './common.mjs';
import { makeId } from './data/ids.mjs';

function updateRows(mock, query, agentId = query.get('agent_id')) {
  const states = wantedStates(query);
  const equal = (name, value) => query.get(name) === null || query.get(name) === value;
  return mock.fleet.updates.filter(
    (update) =>
      (!agentId || update.agent_id === agentId) &&
      (states ? states.includes(update.state) : !closed_states.includes(update.state)) &&
      equal('category', update.category) &&
      equal('manager', update.manager) &&
      equal('name', update.name) &&
      equal('arch', update.arch) &&
      equal('version', update.candidate_version) &&
      (query.get('installable') === null || (update.blocked_by === null) === (query.get('installable') === '1')) &&
      has(update.name, query.get('search') ?? ''),
  );
}

function listUpdates(mock, query) {
  const groups = new Map();
  const clientOf = new Map(mock.fleet.agents.map((agent) => [agent.id, agent.client.id]));
  for (const update of updateRows(mock, query)) {
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

function updateOf(mock, id) {
  const update = mock.fleet.updates.find((each) => each.id === id);
  if (!update) throw new Refusal(404, 'update.not_found', 'There is no such update.');
  const { at } = mock.fleet;
  const judged = ['verified', 'failed'].includes(update.state);
  const done = [...(judged ? ['verified', 'failed'] : []), 'installed', 'awaiting_reboot'].includes(update.state);
  const command_id = update.command_id ?? (judged ? mock.fleet.commands.find((command) => command.state === 'succeeded')?.id : null);
  const commands = command_id ? [commandOf(mock, command_id)] : [];
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

export const routes = {
  'GET agents/{id}/updates': (mock, { id, query }) => [200, page(updateRows(mock, query, id), query)],
  'GET updates': (mock, { query }) => [200, listUpdates(mock, query)],
  'GET updates/{id}': (mock, { id, query }) => [200, id === 'rows' ? page(updateRows(mock, query), query) : updateOf(mock, id)],
};
