// Commands: their list, and what is ordered.
import { commandOf } from './command.mjs';
import { Refusal, needProof, page, wantedStates } from './common.mjs';
import { command_types } from './data/command-types.mjs';
import { makeId } from './data/ids.mjs';

function listCommands(mock, query) {
  const states = wantedStates(query);
  return page(
    mock.fleet.commands.filter(
      (command) =>
        (!states || states.includes(command.state)) &&
        (!query.get('agent_id') || command.agent_id === query.get('agent_id')) &&
        (!query.get('type') || command.type === query.get('type')),
    ),
    query,
  );
}

export function findCommand(mock, id) {
  const command = mock.fleet.commands.find((each) => each.id === id);
  if (!command) throw new Refusal(404, 'command.not_found', 'There is no such command.');
  return command;
}

function changeCommand(mock, id, change) {
  const command = Object.assign(findCommand(mock, id), { state_since: new Date().toISOString() }, change);
  mock.emit('command', { command_id: id, agent_id: command.agent_id, state: command.state });
  return command;
}

// Of a plan that waits for a person, its updates are what is stopped.
function stopCommand(mock, id) {
  const command = findCommand(mock, id);
  const held = mock.fleet.updates.filter((update) => update.command_id === id && update.state === 'awaiting_confirmation');
  for (const update of held) {
    Object.assign(update, { state: 'available', command_id: null, approvable: true, not_approvable_because: null, waiting_for: 'a person to approve it' });
    mock.emit('update', { agent_id: update.agent_id, update_id: update.id, state: 'available' });
  }
  if (held.length > 0) return command;
  if (['delivered', 'accepted', 'running'].includes(command.state)) return changeCommand(mock, id, { cancel_asked: true, state_since: command.state_since });
  return changeCommand(mock, id, { state: command.state === 'lost' ? 'expired' : 'cancelled', percent: null, progress: null });
}

function addCommand(mock, command) {
  mock.fleet.commands.unshift(command);
  mock.emit('command', { command_id: command.id, agent_id: command.agent_id, state: command.state });
  return command;
}

function freshCommand(mock, type, title, agent, retry_of = null) {
  const now = new Date();
  return {
    id: makeId('CMND', 5000 + mock.fleet.commands.length), type, title, agent_id: agent.id ?? agent.agent_id,
    client_id: agent.client?.id ?? agent.client_id, site_id: agent.site?.id ?? agent.site_id, hostname: agent.hostname, state: 'queued',
    state_since: now.toISOString(), created_at: now.toISOString(), actor: 'mara', expires_at: new Date(now.getTime() + 86_400_000).toISOString(), retry_of,
    not_before: now.toISOString(), window: null, outside_window: null,
    order_id: null, approved_by: null, cancel_asked: false, percent: null, progress: null, reason: null,
  };
}

function orderCommands(mock, body) {
  const found = mock.fleet.agents.filter((agent) => body.agent_ids.includes(agent.id));
  if (body.parameters.names?.includes('nobody')) throw new Refusal(422, 'command.bad_parameters', 'Nobody is greeted.', '/parameters/names/0');
  const { title, risk } = command_types.find((type) => type.type === body.type);
  if (risk === 'destructive') needProof(mock);
  return { items: found.map((agent) => addCommand(mock, freshCommand(mock, body.type, title, agent))) };
}

function retryCommand(mock, id) {
  const command = findCommand(mock, id);
  return addCommand(mock, freshCommand(mock, command.type, command.title, command, id));
}

function confirmPlan(mock, id) {
  const install = freshCommand(mock, 'install_updates', 'Install updates', findCommand(mock, id));
  for (const update of mock.fleet.updates.filter((each) => each.command_id === id)) {
    Object.assign(update, { state: 'planned', command_id: install.id, waiting_for: 'the machine is about to fetch the order for the install' });
  }
  return addCommand(mock, install);
}

export const routes = {
  'POST commands/{id}/run-outside-window': (mock, { id, body }) => (needProof(mock), [200, Object.assign(findCommand(mock, id), { state: 'queued', window: null, outside_window: body.reason })]),
  'GET command-types': () => [200, { items: command_types }],
  'GET commands': (mock, { query }) => [200, listCommands(mock, query)],
  'POST commands': (mock, { body }) => [201, orderCommands(mock, body)],
  'GET commands/{id}': (mock, { id }) => [200, commandOf(mock, id)],
  'POST commands/{id}/cancel': (mock, { id }) => [200, stopCommand(mock, id)],
  'POST commands/{id}/confirm': (mock, { id }) => [200, confirmPlan(mock, id)],
  'POST commands/{id}/retry': (mock, { id }) => [201, retryCommand(mock, id)],
};
