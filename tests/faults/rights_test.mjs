// D11, D12 and A9: every operation of openapi.json, asked by everybody of their own and of others' objects, answers exactly
// what its permission says, and what is refused changes nothing. An operation that this file does not know fails the test.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cleanUp, repository, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';
import { ask, LoneAgent } from './lib/raw_tls.mjs';
import { highest, newId, rank, rankOver, TwoClients } from './lib/two_clients.mjs';

after(cleanUp);

const contract = JSON.parse(fs.readFileSync(path.join(repository, 'server/api/openapi.json'), 'utf8'));
const two = new TwoClients();
const kPassword = 'correct horse battery staple';

before(async () => {
  await two.start('rights');
  // Whose orders wait: of nobody who is asked below, and of nobody who gave them their passwords.
  two.author = (await two.person('author', { role: 'approver', client_id: null, site_id: null })).api;
  two.planner = (await two.person('planner', { role: 'admin', client_id: null, site_id: null })).api;
  await two.admin.request('PUT', '/api/v1/second-person-rules/high', { machines: 1 });
  for (const side of Object.values(two.sides)) {
    side.bare = [];
    for (let number = 0; number < 12; number += 1) side.bare.push(await newSite(side));
  }
});

// Everything in the store, but for when somebody was last heard of and what is recorded of refusals.
const store = () => runToEnd(['sqlite3', '-readonly', path.join(two.fleet.data, 'redflag.db'), '.dump']).stdout.split('\n')
  .filter((line) => !/^INSERT INTO (agents|sessions|audit|audit_chain) /.test(line) && !/'grant\.refused'|'signature\.invalid'|'security'/.test(line))
  .map((line) => (line.startsWith('INSERT INTO api_tokens ') ? line.replace(/,\d+(,'\w*'\);)$/, '$1') : line)).join('\n');

const recorded = (code) => Number(runToEnd(['sqlite3', '-readonly', path.join(two.fleet.data, 'redflag.db'), `SELECT COALESCE(SUM(times), 0) FROM audit WHERE code = '${code}'`]).stdout);

// Everybody who has signed in has just proven again who it is, however long this takes.
const prove = () => runToEnd(['sqlite3', path.join(two.fleet.data, 'redflag.db'), '.timeout 10000', `UPDATE sessions SET proven_at = ${Date.now()}000000`]);

// What the server does by itself after a change (settling a command) is over: at once where the store is as it was `before`.
async function still(before = '') {
  for (;;) {
    const now = store();
    if (now === before) return now;
    before = now;
    await sleep(300);
  }
}

function expectSame(before, what) {
  const had = new Set(before.split('\n'));
  const now = store().split('\n');
  assert.deepEqual(now.filter((line) => !had.has(line)).map((line) => line.slice(0, 300)), [], what);
  assert.equal(now.length, before.split('\n').length, what);
}

const order = (side, type = 'scan') => two.admin.post('/api/v1/commands', { type, agent_ids: [side.agent.id], parameters: type === 'scan' ? { plugins: ['apt'] } : {} });
// Comes when none of this is left.
const scheduleOf = (agentId) => ({ name: fresh('schedule'), type: 'scan', parameters: {}, scope: { agent_ids: [agentId] }, rule: { repeat: 'once', date: '2199-01-01', time: '02:30' } });
const scheduleFor = (side) => scheduleOf(side.agent.id);
const places = (side) => ({ client: side.client.id, site: side.site.id });
let counter = 0;
const fresh = (what) => `${what}-${++counter}`;
const policyOf = (side) => ({ site_id: side.site.id, name: fresh('policy'), enabled: false, action: 'approve', include: ['none'], lines: [{ after_hours: 8784 }] });
// Opens when none of this is left.
const windowTerms = () => ({ name: fresh('window'), rule: { repeat: 'once', date: '2199-01-01', time: '02:30' }, length_minutes: 60 });
const groupOf = (side) => ({ client_id: side.client.id, name: fresh('group') });
const windowOf = (side) => ({ site_id: side.site.id, ...windowTerms() });
// What somebody else plans; `seen`: as it was when whoever approves it looked.
async function planned(side, what, body, approved) {
  const made = await two.planner.post(`/api/v1/${what}`, body);
  side.seen = made.changed_at;
  if (approved) await two.author.post(`/api/v1/${what}/${made.id}/approve`, { reason: 'x', changed_at: made.changed_at });
  return made.id;
}
const beforehand = (side) => ({ reason: 'x', changed_at: side.seen });
const profileOf = (scope) => ({ ...scope, name: 'Usual', settings: { log: { level: 'debug' } } });
// A place has one profile: each goes to a site of its own.
const newSite = async (side) => (await two.admin.post(`/api/v1/clients/${side.client.id}/sites`, { name: fresh('site') })).id;
const nextSite = (side) => ({ site_id: side.bare.pop() });
const grantOf = (side) => [{ role: 'viewer', client_id: side.client.id, site_id: null }];

const spare = [];

// Objects by kind: where it is, and how one is made that may be used up.
const objects = {
  agent: { place: places, make: async (side) => side.agent.id },
  spareAgent: { place: places, make: async (side) => {
    const agent = new LoneAgent(two.fleet);
    await agent.enrol(side.token.bundle, 'spare');
    spare.push(agent.id);
    return agent.id;
  } },
  update: { place: places, make: async (side) => (await two.admin.get(`/api/v1/updates/rows?agent_id=${side.agent.id}`)).items[0].id },
  error: { place: places, make: async (side) => {
    await side.agent.post('/agent/v1/upload', JSON.stringify({ items: [{ kind: 'breaker', id: newId(), at: new Date().toISOString(), plugin: 'apt', plugin_version: '1',
      interface: 'rf.scanner/1', from: 'closed', to: 'open', class: 'crash', code: `broke.${side.letter}`, text: `of ${side.letter}` }] }));
    return (await two.admin.get(`/api/v1/errors?code=broke.${side.letter}`)).items[0].id;
  } },
  command: { place: places, make: async (side) => {
    const { items: [command] } = await order(side);
    return command.id;
  } },
  schedule: { place: places, make: async (side) => (await two.admin.post('/api/v1/schedules', scheduleFor(side))).id },
  failed: { place: places, make: async (side) => {
    // Twice: the first may be one that is under way, tried again too often.
    for (let time = 1; ; time += 1) {
      const { items: [command] } = await order(side);
      await two.admin.post(`/api/v1/commands/${command.id}/cancel`);
      if (time === 2) return command.id;
    }
  } },
  heldOrder: { place: places, make: async (side) => {
    const { items: [command] } = await two.author.post('/api/v1/commands', { type: 'restart_services', agent_ids: [side.agent.id], parameters: { services: [`${fresh('unit')}.service`] } });
    assert.equal(command.state, 'awaiting_approval');
    return command.order_id;
  } },
  // On what no machine has: what is ignored or approved is another test's.
  rule: { place: places, make: async (side) => (await two.admin.post('/api/v1/ignore-rules', { site_id: side.site.id, pattern: fresh('none'), reason: 'x' })).id },
  policy: { place: places, make: async (side) => (await two.admin.post('/api/v1/approval-policies', policyOf(side))).id },
  // Of a group's the whole client is asked, whatever site its machines are at.
  group: { place: (side) => ({ client: side.client.id, site: '' }), make: async (side) => (await two.admin.post('/api/v1/groups', groupOf(side))).id },
  window: { place: places, make: async (side) => (await two.admin.post('/api/v1/maintenance-windows', windowOf(side))).id },
  installPolicy: { place: places, make: (side) => planned(side, 'approval-policies', { ...policyOf(side), action: 'install' }) },
  approvedPolicy: { place: places, make: (side) => planned(side, 'approval-policies', { ...policyOf(side), action: 'install' }, true) },
  othersSchedule: { place: places, make: (side) => planned(side, 'schedules', scheduleFor(side)) },
  approvedSchedule: { place: places, make: (side) => planned(side, 'schedules', scheduleFor(side), true) },
  profile: { place: (side) => ({ client: side.client.id, site: '' }), make: async (side) => (await two.admin.post('/api/v1/profiles', profileOf({ site_id: await newSite(side) }))).id },
  token: { place: places, make: async (side) => (await two.admin.post('/api/v1/enrolment-tokens', { seats: 1, expires_in_s: 600, site_id: side.site.id })).id },
  client: { place: (side) => ({ client: side.client.id, site: '' }), make: async (side) => side.client.id },
  emptyClient: { place: (side) => ({ client: side.client.id, site: '' }), make: async () => (await two.admin.post('/api/v1/clients', { name: fresh('client') })).id },
  site: { place: (side) => ({ client: side.client.id, site: '' }),
    make: async (side) => (await two.admin.post(`/api/v1/clients/${side.client.id}/sites`, { name: fresh('site') })).id },
  // Of accounts whoever does not administer all that they may sees nothing.
  user: { place: (side) => ({ client: side.client.id, site: '' }), hidden: true,
    make: async (side) => (await two.admin.post('/api/v1/users', { username: fresh('user'), password: kPassword, grants: grantOf(side) })).id },
  account: { place: (side) => ({ client: side.client.id, site: '' }), hidden: true,
    make: async (side) => (await two.admin.post('/api/v1/service-accounts', { name: fresh('service'), grants: grantOf(side) })).id },
  apiToken: { place: (side) => ({ client: side.client.id, site: '' }), hidden: true,
    make: async (side) => {
      const account = await two.admin.post('/api/v1/service-accounts', { name: fresh('service'), grants: grantOf(side) });
      return (await two.admin.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'one', expires_in_s: 600 })).id;
    } },
};

const nextRow = (side) => side.rows.pop().id;
const viewer = { permission: 'viewer', ok: 200 };
const ofAgent = { ...viewer, object: 'agent' };
const anyone = { permission: 'anyone' };
const ofPerson = { permission: 'signed-in', session: true }; // not of a service account
const manage = { permission: 'scoped-admin' };

// What each operation takes, and what it answers to who may. `object`: what its path's id names; `about`: what its body does.
const expectations = {
  getSetup: { ...anyone, ok: 404 },
  setUp: { ...anyone, ok: 404, body: () => ({ token: 'x', username: 'x', password: kPassword }) },
  getSession: { permission: 'signed-in', ok: 200 },
  signIn: { ...anyone, ok: 401, body: () => ({ username: fresh('none'), password: 'wrong wrong wrong' }) },
  signInByCode: { ...anyone, ok: 401, body: () => ({ code: '123456' }) },
  stepUp: { ...ofPerson, ok: 422, body: () => ({ password: 'wrong wrong wrong' }) },
  getSecondFactor: { ...ofPerson, ok: 200 },
  beginSecondFactor: { ...ofPerson, ok: 201, proof: true },
  confirmSecondFactor: { ...ofPerson, ok: 409, proof: true, body: () => ({ code: '123456' }) },
  renewRecoveryCodes: { ...ofPerson, ok: 409, body: () => ({ code: '123456' }) },
  turnSecondFactorOff: { ...ofPerson, ok: 422, body: () => ({ password: 'wrong wrong wrong', code: '123456' }) },
  listSessions: { ...ofPerson, ok: 200 },
  signOutEverywhere: { ...ofPerson, ok: 204 },
  endSession: { ...ofPerson, ok: 404, path: `/api/v1/account/sessions/${'a'.repeat(64)}` },
  resetSecondFactor: { permission: 'admin', ok: 409, object: 'user', proof: true },
  signOut: { ...ofPerson, ok: 204 },
  changePassword: { permission: 'signed-in', ok: 403, session: true, body: () => ({ old_password: 'wrong wrong wrong', new_password: kPassword }) },
  getOverview: viewer,
  listAgents: viewer,
  getAgent: ofAgent,
  listAgentUpdates: ofAgent,
  listAgentHistory: ofAgent,
  listAgentMetrics: ofAgent,
  listAgentScans: ofAgent,
  listAgentRecordKinds: ofAgent,
  listAgentRecords: { ...ofAgent, query: '?kind=package/1' },
  listUpdateGroups: viewer,
  listUpdates: viewer,
  getUpdate: { ...viewer, object: 'update' },
  approve: { permission: 'approver', ok: 201, about: 'agent', body: (side) => ({ update_ids: [nextRow(side)] }), peek: (side) => ({ update_ids: [side.rows[0].id] }),
    unknown: () => ({ update_ids: [newId()] }) },
  listIgnoreRules: viewer,
  createIgnoreRule: { permission: 'approver', ok: 201, about: 'agent', body: (side) => ({ site_id: side.site.id, pattern: fresh('none'), reason: 'x' }),
    unknown: () => ({ site_id: newId(), pattern: fresh('none'), reason: 'x' }) },
  liftIgnoreRule: { permission: 'approver', ok: 200, object: 'rule' },
  listApprovalPolicies: viewer,
  createApprovalPolicy: { ...manage, ok: 201, about: 'agent', body: policyOf, unknown: () => policyOf({ site: { id: newId() } }) },
  changeApprovalPolicy: { ...manage, ok: 200, object: 'policy', body: () => ({ name: fresh('policy'), enabled: false, action: 'approve', include: ['none'], lines: [{ after_hours: 8784 }] }) },
  removeApprovalPolicy: { ...manage, ok: 204, object: 'policy' },
  approvePolicy: { permission: 'approver', ok: 200, object: 'installPolicy', proof: true, body: beforehand },
  withdrawPolicyApproval: { permission: 'approver', ok: 200, object: 'approvedPolicy' },
  listProfiles: viewer,
  createProfile: { ...manage, ok: 201, about: 'profile', body: (side) => profileOf(nextSite(side)), peek: (side) => profileOf({ site_id: side.bare[0] }),
    unknown: () => profileOf({ site_id: newId() }) },
  getPlaceSettings: { ...viewer, object: 'site', path: '/api/v1/profiles/place?site_id={id}' },
  getSettingsSchema: viewer,
  changeProfile: { ...manage, ok: 200, object: 'profile', body: () => profileOf({}) },
  removeProfile: { ...manage, ok: 204, object: 'profile' },
  getAgentSettings: ofAgent,
  listCommands: viewer,
  createCommands: { permission: 'technician', ok: 201, about: 'agent', body: (side) => ({ type: 'scan', agent_ids: [side.agent.id], parameters: { plugins: ['apt'] } }),
    unknown: () => ({ type: 'scan', agent_ids: [newId()], parameters: { plugins: ['apt'] } }) },
  getCommand: { ...viewer, object: 'command' },
  cancelCommand: { permission: 'technician', ok: 200, object: 'command' },
  confirmPlan: { permission: 'approver', ok: 409, object: 'command' },
  listHeldOrders: viewer,
  approveHeldOrder: { permission: 'approver', ok: 200, object: 'heldOrder', proof: true, body: () => ({ reason: 'x' }) },
  declineHeldOrder: { permission: 'approver', ok: 200, object: 'heldOrder', session: true, body: () => ({ reason: 'x' }) },
  listSecondPersonRules: viewer,
  setSecondPersonRule: { permission: 'admin', ok: 200, proof: true, path: '/api/v1/second-person-rules/destructive', body: () => ({ machines: 1 }) },
  runOutsideWindow: { permission: 'approver', ok: 409, object: 'command', proof: true, body: () => ({ reason: 'x' }) },
  listGroups: viewer,
  showGroup: { ...viewer, object: 'group' },
  createGroup: { permission: 'approver', ok: 201, proof: 'or a token', about: 'client', body: groupOf, unknown: () => groupOf({ client: { id: newId() } }) },
  changeGroup: { permission: 'approver', ok: 200, proof: 'or a token', object: 'group', body: () => ({ name: fresh('group') }) },
  removeGroup: { permission: 'approver', ok: 204, proof: 'or a token', object: 'group' },
  listMaintenanceWindows: viewer,
  createMaintenanceWindow: { permission: 'approver', ok: 201, proof: 'or a token', about: 'agent', body: windowOf, unknown: () => windowOf({ site: { id: newId() } }) },
  previewMaintenanceWindow: { permission: 'approver', ok: 200, about: 'agent', body: windowOf, unknown: () => windowOf({ site: { id: newId() } }) },
  changeMaintenanceWindow: { permission: 'approver', ok: 200, proof: 'or a token', object: 'window', body: () => windowTerms() },
  removeMaintenanceWindow: { permission: 'approver', ok: 204, proof: 'or a token', object: 'window' },
  listWindowsOfSite: { ...viewer, object: 'site' },
  listWindowsOfAgent: ofAgent,
  retryCommand: { permission: 'technician', ok: 201, object: 'failed' },
  listCommandTypes: viewer,
  listSchedules: viewer,
  createSchedule: { permission: 'technician', ok: 201, about: 'agent', body: scheduleFor, unknown: () => scheduleOf(newId()) },
  previewSchedule: { permission: 'technician', ok: 200, about: 'agent', body: scheduleFor, unknown: () => scheduleOf(newId()) },
  getSchedule: { ...viewer, object: 'schedule' },
  changeSchedule: { permission: 'technician', ok: 200, object: 'schedule', body: scheduleFor },
  removeSchedule: { permission: 'technician', ok: 204, object: 'schedule' },
  pauseSchedule: { permission: 'technician', ok: 200, object: 'schedule' },
  resumeSchedule: { permission: 'technician', ok: 200, object: 'schedule' },
  approveSchedule: { permission: 'approver', ok: 200, object: 'othersSchedule', proof: true, body: beforehand },
  withdrawScheduleApproval: { permission: 'approver', ok: 200, object: 'approvedSchedule' },
  listScheduleRuns: { ...viewer, object: 'schedule' },
  listEnrolmentTokens: { ...manage, ok: 200 },
  createEnrolmentToken: { ...manage, ok: 201, about: 'agent', body: (side) => ({ seats: 1, expires_in_s: 600, site_id: side.site.id }),
    unknown: () => ({ seats: 1, expires_in_s: 600, site_id: newId() }) },
  revokeEnrolmentToken: { ...manage, ok: 204, object: 'token' },
  listClients: viewer,
  createClient: { permission: 'admin', ok: 201, body: () => ({ name: fresh('client') }) },
  renameClient: { permission: 'admin', ok: 200, object: 'emptyClient', body: () => ({ name: fresh('client') }) },
  removeClient: { permission: 'admin', ok: 204, object: 'emptyClient' },
  createSite: { ...manage, ok: 201, object: 'client', body: () => ({ name: fresh('site') }) },
  renameSite: { ...manage, ok: 200, object: 'site', body: () => ({ name: fresh('site') }) },
  setSiteTimeZone: { ...manage, ok: 200, object: 'site', body: () => ({ time_zone: 'Europe/Berlin' }) },
  removeSite: { ...manage, ok: 204, object: 'site' },
  acceptAgent: { permission: 'approver', ok: 409, object: 'agent', body: () => ({ reason: 'x' }) },
  acceptRestoredAgents: { permission: 'approver', ok: 200, body: () => ({ agent_ids: [newId()], reason: 'x' }) },
  revokeAgent: { ...manage, ok: 204, proof: true, object: 'spareAgent', body: () => ({ reason: 'x' }) },
  rebindAgent: { ...manage, ok: 201, proof: true, object: 'agent', body: () => ({ reason: 'x' }) },
  moveAgent: { ...manage, ok: 200, object: 'agent', body: (side) => ({ site_id: side.site.id }) },
  listUsers: { ...manage, ok: 200 },
  createUser: { ...manage, ok: 201, proof: true, about: 'client', body: (side) => ({ username: fresh('user'), password: kPassword, grants: grantOf(side) }),
    unknown: () => ({ username: fresh('user'), password: kPassword, grants: [{ role: 'viewer', client_id: newId(), site_id: null }] }) },
  changeUser: { ...manage, ok: 200, proof: true, object: 'user', body: () => ({ disabled: true }) },
  removeUser: { ...manage, ok: 204, proof: true, object: 'user' },
  setUserPassword: { ...manage, ok: 204, proof: true, object: 'user', body: () => ({ password: 'another horse battery staple' }) },
  listServiceAccounts: { ...manage, ok: 200 },
  createServiceAccount: { ...manage, ok: 201, about: 'client', body: (side) => ({ name: fresh('service'), grants: grantOf(side) }),
    unknown: () => ({ name: fresh('service'), grants: [{ role: 'viewer', client_id: newId(), site_id: null }] }) },
  changeServiceAccount: { ...manage, ok: 200, proof: true, object: 'account', body: () => ({ disabled: true }) },
  removeServiceAccount: { ...manage, ok: 204, proof: true, object: 'account' },
  createApiToken: { ...manage, ok: 201, proof: true, object: 'account', body: () => ({ name: 'two', expires_in_s: 600 }) },
  revokeApiToken: { ...manage, ok: 204, object: 'apiToken' },
  listErrors: viewer,
  getError: { ...viewer, object: 'error' },
  reportErrors: { permission: 'viewer', ok: 204, body: () => ({ errors: [{ id: newId(), name: 'TypeError', message: 'x', page: '/', times: 1 }] }) },
  listAudit: { ...manage, ok: 200 },
  getAuditHead: { ...manage, ok: 200 },
  exportAudit: { ...manage, ok: 200, object: 'client', path: '/api/v1/audit/export?client_id={id}' },
  getSecurity: { permission: 'admin', ok: 200 },
  listRateLimits: { permission: 'admin', ok: 200 },
  setRateLimit: { permission: 'admin', ok: 200, path: '/api/v1/rate-limits/people', body: () => ({ per_minute: 100_000 }) },
  resetRateLimit: { permission: 'admin', ok: 200, path: '/api/v1/rate-limits/people' },
  streamEvents: viewer,
  getOpenApi: { ...anyone, ok: 200 },
  getHealth: { ...anyone, ok: 200 },
  getReady: { ...anyone, ok: 200 },
  getTrustMetadata: { ...anyone, ok: 200, path: '/trust/metadata/timestamp.json' },
  getTrustTarget: { ...anyone, ok: 404, path: '/trust/targets/trust/none' },
  getMetrics: { permission: 'metrics', ok: 200 },
  agentEnrol: { permission: 'enrolling', ok: 401, body: () => ({}) },
  agentRenew: { permission: 'renewing', ok: 400, body: () => ({}) },
  agentHandOverKey: { permission: 'renewing', ok: 400, body: () => ({}) },
  agentUpload: { permission: 'agent', ok: 200, body: () => ({ items: [] }) },
  agentTrust: { permission: 'agent', ok: 200, body: () => ({ metadata: {}, content: '' }) },
  agentFetch: { permission: 'agent', ok: 200, body: () => ({}) },
  agentDoorbell: { permission: 'agent', ok: 200 },
};

const operations = Object.entries(contract.paths).flatMap(([address, methods]) => Object.entries(methods)
  .map(([method, operation]) => ({ id: operation.operationId, method: method.toUpperCase(), address, permission: operation['x-permission'] })));

// The status that one operation owes to one principal who asks it about one side.
function owed(expected, principal, side) {
  const { permission } = expected;
  if (permission === 'anyone') return expected.ok;
  if (permission === 'agent' || permission === 'enrolling' || permission === 'renewing') return principal.agent ? expected.ok : 401;
  // With a signature's headers, but none that a route for people looks at.
  if (principal.grants.length === 0) return 401;
  const overAll = rankOver(principal, null);
  if (permission === 'admin' || permission === 'metrics') return overAll === rank('admin') ? expected.ok : 403;
  const needed = permission === 'scoped-admin' ? rank('admin') : permission === 'signed-in' ? rank('viewer') : rank(permission);
  if (highest(principal) < needed) return 403;
  if ((expected.session || expected.proof === true) && principal.service) return 403;
  const object = objects[expected.object ?? expected.about];
  if (!object) return expected.ok;
  const rankThere = rankOver(principal, object.place(side));
  const sees = object.hidden ? rankThere === rank('admin') : rankThere >= 0 || seesPart(principal, side, expected);
  if (!sees) return 404;
  return rankThere >= needed ? expected.ok : 403;
}

// Whoever has a grant for one site sees its client, with that site.
function seesPart(principal, side, expected) {
  return (expected.object ?? expected.about) === 'client' && principal.grants.some((grant) => grant.client_id === side.client.id);
}

async function call(operation, expected, principal, { id, body }) {
  const target = (expected.path ?? operation.address).replace('{id}', id) + (expected.query ?? '');
  const text = body === undefined ? '' : JSON.stringify(body);
  const changes = operation.method !== 'GET';
  const headers = { host: `127.0.0.1:${two.fleet.port}`, ...(text ? { 'content-type': 'application/json' } : {}),
    ...(changes ? { 'content-length': Buffer.byteLength(text), 'idempotency-key': newId() } : {}), ...principal.headers(operation.method, target, text) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const answer = await ask(two.fleet.port, [`${operation.method} ${target} HTTP/1.1\r\n${head}\r\n`, text].filter(Boolean));
  assert.ok(answer, `${operation.id} as ${principal.name}: cut off`);
  return answer;
}

const refused = (status) => status === 401 || status === 403 || status === 404;
const sidesOf = (expected) => (expected.object || expected.about ? Object.values(two.sides) : [two.sides.A]);

test('D11: every operation that is written down has an expectation, with the same permission', () => {
  assert.deepEqual(Object.keys(expectations).sort(), operations.map((one) => one.id).sort());
  for (const operation of operations) assert.equal(operation.permission, expectations[operation.id].permission, operation.id);
});

test('D11 D12 A9: what is refused has exactly the code that is owed, and changes nothing', async () => {
  let asked = 0;
  const codes = new Set();
  for (const operation of operations) {
    const expected = expectations[operation.id];
    const made = new Map();
    prove();
    const before = store();
    for (const side of sidesOf(expected)) made.set(side, expected.object ? await objects[expected.object].make(side) : '');
    const wrong = [];
    const held = await still(before);
    prove();
    for (const principal of two.principals) {
      for (const side of sidesOf(expected)) {
        const status = owed(expected, principal, side);
        if (!refused(status) || (status === expected.ok && expected.permission !== 'viewer')) continue;
        const answer = await call(operation, expected, principal, { id: made.get(side), body: (expected.peek ?? expected.body)?.(side) });
        asked += 1;
        if (answer.json?.code) codes.add(answer.json.code);
        if (answer.status !== status) wrong.push(`${principal.name} of ${side.letter}: ${answer.status} for ${status}: ${answer.body}`);
        if (answer.status === 404 && (expected.object || expected.unknown)) {
          // As of something that does not exist anywhere.
          const nothing = await call(operation, expected, principal, expected.object ? { id: newId(), body: expected.body?.(side) } : { body: expected.unknown() });
          const said = ({ status: code, json }) => ({ code, ...json, request_id: '' });
          if (JSON.stringify(said(nothing)) !== JSON.stringify(said(answer))) wrong.push(`${principal.name} can tell: ${nothing.body} and ${answer.body}`);
        }
      }
    }
    assert.deepEqual(wrong, [], operation.id);
    expectSame(held, `${operation.id}: a refusal changed the store`);
  }
  console.log(`${operations.length} operations, ${two.principals.length} principals, ${asked} refusals`);
  assert.ok(codes.size > 5, [...codes].join());
  for (const code of codes) await until(() => recorded(code) > 0, `${code} in the audit log`, 10_000);
});

test('D11: whoever may is served, on an object of its own', async () => {
  let served = 0;
  for (const operation of operations.filter((one) => !expectations[one.id].session)) {
    const expected = expectations[operation.id];
    prove();
    for (const principal of two.principals) {
      for (const side of sidesOf(expected)) {
        if (owed(expected, principal, side) !== expected.ok) continue;
        const id = expected.object ? await objects[expected.object].make(side) : '';
        const answer = await call(operation, expected, principal, { id, body: expected.body?.(side) });
        assert.equal(answer.status, expected.ok, `${operation.id} as ${principal.name} of ${side.letter}: ${answer.body}`);
        served += 1;
      }
    }
  }
  console.log(`${served} requests served`);
});

test('D12: no list, search or number tells of another client', async () => {
  for (const id of spare) await two.admin.request('POST', `/api/v1/agents/${id}/revoke`, { reason: 'not needed' }, { allowProblem: true });
  const { A, B } = two.sides;
  await order(B);
  const ofB = [B.client.id, B.client.name, B.site.id, B.agent.id, B.hostname, B.token.id, B.rows[0].id];
  for (const name of ['technician-of-a', 'admin-of-a', 'admin-of-a-site-of-a', 'service-of-a', 'admin-service-of-a']) {
    const principal = two.principal(name);
    for (const operation of operations.filter((one) => one.method === 'GET' && one.address.startsWith('/api/') && !one.address.includes('{') && one.id !== 'streamEvents')) {
      const answer = await call(operation, expectations[operation.id], principal, {});
      for (const secret of ofB) assert.ok(!answer.body.includes(secret), `${operation.id} tells ${name} of ${secret}`);
    }
    const get = async (target) => (await call({ id: target, method: 'GET', address: target }, {}, principal, {})).json;
    for (const target of [`/api/v1/agents?client_id=${B.client.id}`, `/api/v1/agents?site_id=${B.site.id}`, `/api/v1/agents?search=${B.hostname}`,
      `/api/v1/commands?agent_id=${B.agent.id}`, `/api/v1/updates/rows?agent_id=${B.agent.id}`, `/api/v1/updates?search=${B.hostname}`]) {
      const list = await get(target);
      assert.deepEqual([list.items, list.total], [[], 0], target);
    }
    const [{ site_id }] = principal.grants;
    const own = await two.admin.get(`/api/v1/agents?${site_id ? `site_id=${site_id}` : `client_id=${A.client.id}`}`);
    assert.ok(own.items.some((one) => one.id === A.agent.id));
    assert.equal((await get('/api/v1/overview')).agents.total, own.total);
    assert.deepEqual((await get('/api/v1/agents')).items.map((one) => one.id), own.items.map((one) => one.id));
  }
  assert.equal((await two.admin.get('/api/v1/overview')).agents.total, (await two.admin.get('/api/v1/agents')).total);
});

test('D12: one foreign machine or row in many makes the whole unknown', async () => {
  const { A, B } = two.sides;
  const held = await still();
  const operation = (id) => operations.find((one) => one.id === id);
  for (const [id, name, body] of [
    ['createCommands', 'technician-of-a', { type: 'scan', agent_ids: [A.agent.id, B.agent.id], parameters: { plugins: ['apt'] } }],
    ['approve', 'approver-of-a', { update_ids: [A.rows[0].id, B.rows[0].id] }]]) {
    const answer = await call(operation(id), {}, two.principal(name), { body });
    assert.equal(answer.status, 404, answer.body);
  }
  expectSame(held, 'it changed the store');
});

test('D12: a stream tells only of what its reader sees', async () => {
  const { A, B } = two.sides;
  const open = (name) => new Promise((resolve) => {
    const stream = { text: '' };
    two.stream(two.principal(name), stream, resolve);
  });
  const [ofA, ofB, all] = [await open('technician-of-a'), await open('technician-of-b'), await open('viewer')];
  await order(B, 'collect_diagnostics');
  await order(A, 'collect_diagnostics');
  for (const [stream, sees, not] of [[ofA, A, B], [ofB, B, A]]) {
    await until(() => stream.text.includes(sees.agent.id), 'the own event');
    assert.ok(!stream.text.includes(not.agent.id), stream.text);
  }
  await until(() => all.text.includes(A.agent.id) && all.text.includes(B.agent.id), 'both events');
  // D9: what a person may has changed, and the open stream ends at once.
  prove();
  const asked = performance.now();
  const { items } = await two.admin.get('/api/v1/users');
  const usual = performance.now() - asked;
  const began = performance.now();
  await two.admin.request('PATCH', `/api/v1/users/${items.find((one) => one.username === 'technician-of-a').id}`,
    { grants: [{ role: 'viewer', client_id: B.client.id, site_id: null }] });
  await until(() => ofA.ended, 'the stream to end');
  const tookMs = performance.now() - began;
  assert.ok(tookMs < 1_000 + 5 * usual, `it ended after ${tookMs} ms, where any answer takes ${usual}`);
  for (const stream of [ofB, all]) stream.close();
});
