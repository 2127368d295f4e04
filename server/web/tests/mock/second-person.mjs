// What needs a second person: held orders, what is approved beforehand, and the rules.
import { Refusal, needProof, page } from './common.mjs';
import { makeId } from './data/ids.mjs';

export function listHeldOrders(mock) {
  const { at } = mock.fleet;
  const order = (n, more) => ({
    id: makeId('RDR', n), type: 'plan_updates', title: 'Plan updates', risk: 'high', actor: 'erin', own: false, may_decide: mock.role === 'admin' || mock.role === 'approver', created_at: at(1800 * n),
    expires_at: at(1800 * n - 86_400), agents: 212, clients: 14, parameters: null, updates: ['openssl 3.0.17-1~deb12u2', 'nginx<b> 1.22.1-9+deb12u2'],
    outside_window: n === 1 ? 'an exploit is out' : null, ...more,
  });
  return [
    order(1, {}),
    order(2, { type: 'reboot', title: 'Restart the machine', risk: 'destructive', agents: 3, clients: 1, parameters: { delay_min: 5, message: 'maintenance' }, updates: [] }),
    order(3, { actor: 'mara', own: true, agents: 40, clients: 2 }),
    order(4, { actor: 'paul', title: 'Restart services', type: 'restart_services', may_decide: false, agents: 5, clients: 1, updates: [] }),
  ].filter((each) => mock.fleet.agents.length > 0 && !mock.decided.has(each.id));
}

function decideOrder(mock, id, body) {
  needProof(mock);
  if (!body.reason) throw new Refusal(400, 'request.invalid', 'body.reason: expected why, in a line of text', '/reason');
  const { agents } = listHeldOrders(mock).find((each) => each.id === id);
  mock.decided.add(id);
  return { commands: agents };
}

export function approveBeforehand(mock, what, { reason, changed_at }) {
  if (!reason) throw new Refusal(400, 'request.invalid', 'body.reason: expected why, in a line of text', '/reason');
  if (changed_at !== what.changed_at) throw new Refusal(409, 'second_person.changed', 'It was changed meanwhile: look at what it says now.');
  needProof(mock);
  return Object.assign(what, { second_person: { by: 'mara', at: mock.fleet.at(0), reason, counts: true } });
}

function listRules(mock) {
  const rule = (risk, machines, more = {}) => ({ risk, machines, set: machines, set_counts_at: null, changed_at: mock.fleet.at(86_400), changed_by: 'mara', ...more });
  return [rule('high', mock.rules.high), rule('destructive', 1, mock.rules.destructive === 1 ? {} : { set: mock.rules.destructive, set_counts_at: mock.fleet.at(-86_400) })];
}

function setRule(mock, risk, machines) {
  needProof(mock);
  mock.rules[risk] = machines;
  return listRules(mock).find((rule) => rule.risk === risk);
}

export const routes = {
  'GET held-orders': (mock, { query }) => [200, page(listHeldOrders(mock), query)],
  'POST held-orders/{id}/approve': (mock, { id, body }) => [200, decideOrder(mock, id, body)],
  'POST held-orders/{id}/decline': (mock, { id, body }) => [200, decideOrder(mock, id, body)],
  'GET second-person-rules': (mock) => [200, { items: listRules(mock) }],
  'PUT second-person-rules/{id}': (mock, { id, body }) => [200, setRule(mock, id, body.machines)],
};
