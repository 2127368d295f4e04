// Errors of agents, the server and the browser.
import { Refusal, has, page } from './common.mjs';
import { makeId } from './data/ids.mjs';

function listErrors(mock, query) {
  const { at, agents } = mock.fleet;
  const machines = Math.min(12, agents.length);
  const all = [
    ['agent', 'scan', 'scan.incomplete', 'apt.lists_old', 'warning', 'apt: ended as transient: the lists of deb.example.org bookworm-security are 9 days old', machines, 340],
    ['agent', 'breaker', 'breaker.open', 'run.crash', 'error', 'docker: the breaker went from closed to open: the plugin ended with signal 11', 3, 3],
    ['agent', 'trust', 'command.refused', 'bad_signature', 'error', 'kernel refused an order: <img src=x onerror="window.hostile=1"> \u202edenrut', 1, 1],
    ['agent', 'command', 'command.failed', 'apt.dpkg_failed', 'error', 'Install updates: failed: dpkg ended with 1 while it configured postfix', 2, 2],
    ['server', 'settlement', 'server.error', '', 'error', 'org.example.greet: the command type does not answer', 0, 5],
    ['browser', 'web', 'browser.error', 'TypeError', 'error', "Cannot read properties of undefined (reading 'map')", 0, 17],
  ];
  const rows = agents.length === 0 ? [] : all.map(([source, subsystem, kind, code, severity, text, on, times], n) => ({
    id: makeId('ERR', n + 1), source, subsystem, kind, code: code || null, severity, text, agents: on, times, first_at: at(86_400 * (n + 1)), last_at: at(300 * (n * n + 1)),
  }));
  const equal = (name, value) => !query.get(name) || query.get(name) === value;
  const found = rows.map((row) => ofMachine(mock, row, query.get('agent_id'))).filter((row) => row && equal('source', row.source) && equal('severity', row.severity) && equal('subsystem', row.subsystem) && equal('code', row.code) && has(row.text, query.get('search') ?? '') && (!query.get('from') || row.last_at >= query.get('from')));
  if (query.get('sort') === 'worst') found.sort((a, b) => (a.severity === 'error' ? 0 : 1) - (b.severity === 'error' ? 0 : 1) || b.agents - a.agents);
  return page(found, query);
}

// The first machines of the fleet have each kind that machines have.
function machinesOf(mock, group) {
  return group.source === 'agent' ? mock.fleet.agents.slice(0, group.agents) : [];
}

// As the one machine has it, or null.
function ofMachine(mock, group, agent_id) {
  if (!agent_id) return group;
  return machinesOf(mock, group).some((agent) => agent.id === agent_id) ? { ...group, agents: 1, times: 2 } : null;
}

function errorOf(mock, id, agent_id) {
  const group = listErrors(mock, new URLSearchParams()).items.find((each) => each.id === id);
  if (!group || !ofMachine(mock, group, agent_id)) throw new Refusal(404, 'error.not_found', 'There is no such error.');
  const { at, commands } = mock.fleet;
  const row = (more) => ({ agent_id: null, hostname: null, text: group.text, detail: null, command_id: null, scan_id: null, actor: null, times: 2, first_at: group.first_at, last_at: at(320), ...more });
  const rows = {
    agent: () => machinesOf(mock, group).filter((agent) => !agent_id || agent.id === agent_id).map((agent) => row({ agent_id: agent.id, hostname: agent.hostname, command_id: group.subsystem === 'command' ? commands[0].id : null })),
    server: () => [row({ detail: 'settlement: org.example.greet: the command type does not answer' })],
    browser: () => [row({ actor: 'mara', detail: '/agents\nTypeError: Cannot read properties of undefined\n    at Row (https://redflag.example/assets/agents-4f2a.js:1:4211)' })],
  };
  return { ...ofMachine(mock, group, agent_id), rows: rows[group.source]() };
}

export const routes = {
  'GET errors': (mock, { query }) => [200, listErrors(mock, query)],
  'GET errors/{id}': (mock, { id, query }) => [200, errorOf(mock, id, query.get('agent_id'))],
  'POST errors': (mock, { body }) => (mock.reported.push(...body.errors), [204]),
};
