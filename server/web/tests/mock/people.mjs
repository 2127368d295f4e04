// Users, service accounts and their tokens.
import { needProof, refuse } from './common.mjs';
import { makeId } from './data/ids.mjs';
import { sessionOf } from './session.mjs';

function listPeople(mock) {
  const { at, clients } = mock.fleet;
  const [first, second] = clients;
  mock.users ??= [
    { id: makeId('USER', 1), username: 'mara', grants: [{ role: 'admin', client_id: null, site_id: null }], disabled: false, created_at: at(9_000_000), last_used_at: at(20) },
    { id: makeId('USER', 2), username: 'jo@northfield.example', grants: [{ role: 'approver', client_id: first.id, site_id: null }, { role: 'viewer', client_id: second.id, site_id: second.sites[0].id }], disabled: false, created_at: at(8_000_000), last_used_at: at(90_000) },
    { id: makeId('USER', 3), username: 'a-name-that-is-as-long-as-names-may-be-with-its-sixty-four-letters', grants: [{ role: 'technician', client_id: makeId('GONE', 1), site_id: null }], disabled: true, created_at: at(7_000_000), last_used_at: null },
  ];
  return mock.users;
}

function listServiceAccounts(mock) {
  const { at, clients } = mock.fleet;
  const token = (n, name, expires, revoked) => ({ id: makeId('APITKN', n), name, created_at: at(500_000), created_by: 'mara', expires_at: at(expires), revoked, ended: n === 2, last_used_at: at(900) });
  mock.services ??= [
    { id: makeId('SRVC', 1), name: 'nightly-report', grants: [{ role: 'viewer', client_id: null, site_id: null }], disabled: false, created_at: at(600_000), last_used_at: at(900), tokens: [token(1, 'cron on the report host', -3_000_000, false), token(2, 'the one before', 80_000, false), token(3, 'pasted into a chat', -90_000, true)] },
    { id: makeId('SRVC', 2), name: 'ticket-bridge', grants: [{ role: 'approver', client_id: clients[0].id, site_id: null }], disabled: false, created_at: at(400_000), last_used_at: null, tokens: [] },
  ];
  return mock.services;
}

function newAccount(accounts, account) {
  accounts.push({ id: makeId('ACCT', accounts.length), disabled: false, created_at: new Date().toISOString(), last_used_at: null, ...account });
  return accounts.at(-1);
}

function changeAccount(mock, accounts, id, change) {
  needProof(mock);
  return Object.assign(accounts.find((each) => each.id === id), change);
}

function newToken(mock, id, { name, expires_in_s }) {
  const account = listServiceAccounts(mock).find((each) => each.id === id);
  const token = {
    id: makeId('APITKN', 90 + account.tokens.length), name, created_at: new Date().toISOString(), created_by: 'mara',
    expires_at: new Date(Date.now() + expires_in_s * 1000).toISOString(), revoked: false, ended: false, last_used_at: null,
  };
  account.tokens.unshift(token);
  return { ...token, token: 'rf_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG' };
}

export const routes = {
  'PUT session/{id}': (mock, { body }) =>
    body.old_password === 'correct horse battery' ? [200, sessionOf(mock)] : refuse(403, 'password.wrong', 'This is not the password until now.', 'old_password'),
  'GET users': (mock) => [200, { items: listPeople(mock) }],
  'POST users': (mock, { body }) => [201, newAccount(listPeople(mock), { username: body.username, grants: body.grants })],
  'GET service-accounts': (mock) => [200, { items: listServiceAccounts(mock) }],
  'POST service-accounts': (mock, { body }) => [201, newAccount(listServiceAccounts(mock), { name: body.name, grants: body.grants, tokens: [] })],
  'POST service-accounts/{id}/tokens': (mock, { id, body }) => [201, newToken(mock, id, body)],
  'PATCH users/{id}': (mock, { id, body }) => [200, changeAccount(mock, listPeople(mock), id, body)],
  'PATCH service-accounts/{id}': (mock, { id, body }) => [200, changeAccount(mock, listServiceAccounts(mock), id, body)],
  'PUT users/{id}/password': () => [204],
  'POST users/{id}/second-factor': () => [204],
  'DELETE users/{id}': () => [204],
  'DELETE service-accounts/{id}': () => [204],
  'DELETE api-tokens/{id}': () => [204],
};
