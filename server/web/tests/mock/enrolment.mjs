// Enrolling machines.
import { makeId } from './data/ids.mjs';

export function makeToken(mock, body) {
  const token = { id: makeId('TKN', 50 + mock.fleet.tokens.length), created_at: new Date().toISOString(), expires_at: new Date(Date.now() + body.expires_in_s * 1000).toISOString(), seats: body.seats, seats_used: 0, accept: body.accept ?? 'auto', revoked: false, rebinds: null };
  mock.fleet.tokens.unshift(token);
  const bundle = `rfb1.${Buffer.from(JSON.stringify({ v: 1, urls: ['https://redflag.example.org:8443'], token: 'mock', ca: ['A'.repeat(300), 'B'.repeat(300)] })).toString('base64url')}`;
  return { id: token.id, bundle, expires_at: token.expires_at, seats: token.seats, accept: token.accept };
}

// A newly enrolled machine, step by step, as the enrolment screen waits for it.
export function enrol(mock, hostname) {
  const { agents, tokens, clients } = mock.fleet;
  const agent = {
    ...agents[0], id: makeId('AGENT', 9000 + agents.length), hostname, client: { id: clients[0].id, name: clients[0].name }, connection: 'never',
    last_seen_at: null, last_scan: null, enrolled_at: new Date().toISOString(), updates: { available: 0, installable: 0, security: 0 },
    breakers_open: 0, config: { state: 'ok', text: '' },
  };
  agents.push(agent);
  if (tokens[0]) tokens[0].seats_used += 1;
  mock.emit('agent', { agent_id: agent.id });
  return {
    connect: () => { agent.connection = 'connected'; agent.last_seen_at = new Date().toISOString(); mock.emit('agent', { agent_id: agent.id }); },
    scan: () => { agent.last_scan = { at: new Date().toISOString(), plugin: 'apt', status: 'ok', complete: true }; mock.emit('scan', { agent_id: agent.id }); },
  };
}

export const routes = {
  'GET enrolment-tokens': (mock) => [200, { items: mock.fleet.tokens }],
  'POST enrolment-tokens': (mock, { body }) => [201, makeToken(mock, body)],
  'POST agents/{id}/rebind': () => [201, { id: makeId('TKN', 90), bundle: `rfb1.${'b'.repeat(600)}`, expires_at: new Date(Date.now() + 86_400_000).toISOString() }],
  'DELETE enrolment-tokens/{id}': (mock, { id }) => ((mock.fleet.tokens.find((token) => token.id === id).revoked = true), [204]),
};
