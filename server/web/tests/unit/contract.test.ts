// @vitest-environment node
// The made-up server answers in the shapes of the API's document: what the screens are tested against is the contract.
import { readFile } from 'node:fs/promises';

import Ajv2020 from 'ajv/dist/2020';
import { afterAll, beforeAll, expect, test } from 'vitest';

// eslint-disable-next-line @typescript-eslint/ban-ts-comment -- plain modules, shared with the browser tests
// @ts-ignore
import { startMock } from '../mock/server.mjs';

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

let document: Document;
let server: { mock: any; url: string; close: () => Promise<void> }; // eslint-disable-line @typescript-eslint/no-explicit-any
const patience_ms = 30_000; // of a machine that builds at the same time, too
const ajv = new Ajv2020({ strict: false, validateFormats: false });

beforeAll(async () => {
  document = JSON.parse(await readFile(new URL('../../../api/openapi.json', import.meta.url), 'utf8')) as Document;
  ajv.addSchema(document, 'api');
  server = await startMock({ dist: '/nonexistent', size: 60 });
});

afterAll(() => server.close());

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(server.url + path, {
    method,
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': 'mock-csrf-token', 'Idempotency-Key': `${method} ${path}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const type = response.headers.get('Content-Type') ?? '';
  return { status: response.status, type, body: response.status === 204 ? undefined : ((await response.json()) as unknown) };
}

interface Listed {
  id: string;
  changed_at: string;
  members: { agent_id: string }[];
}

async function listed(path: string) {
  const { body } = await ask('GET', path);
  return (body as { items: [Listed, ...Listed[]] }).items;
}

function expectShape(route: string, method: string, status: number, type: string, body: unknown) {
  const responses = document.paths[route]?.[method.toLowerCase()]?.responses;
  expect(responses, `${method} ${route} is in the document`).toBeDefined();
  const content = responses?.[String(status)]?.content?.[type];
  expect(content, `${method} ${route} may answer ${status} ${type}`).toBeDefined();
  const valid = ajv.validate({ $ref: `api${content?.schema.$ref}` }, body);
  expect(ajv.errors?.slice(0, 3) ?? [], `${method} ${route}`).toEqual([]);
  expect(valid).toBe(true);
}

test('every list and object has the document’s shape', async () => {
  const agent = server.mock.fleet.agents[1].id as string;
  const command = server.mock.fleet.commands[1].id as string;
  const errors = await listed('/api/v1/errors');
  const [schedule] = await listed('/api/v1/schedules');
  const [group] = await listed('/api/v1/groups');
  const member = ((await ask('GET', `/api/v1/groups/${group.id}`)).body as Listed).members[0]?.agent_id;
  const asked: [string, string][] = [
    ['/api/v1/session', '/api/v1/session'],
    ['/api/v1/account/second-factor', '/api/v1/account/second-factor'],
    ['/api/v1/account/sessions', '/api/v1/account/sessions'],
    ['/api/v1/users', '/api/v1/users'],
    ['/api/v1/service-accounts', '/api/v1/service-accounts'],
    ['/api/v1/overview', '/api/v1/overview'],
    ['/api/v1/agents', '/api/v1/agents?limit=500'],
    ['/api/v1/agents/{id}', `/api/v1/agents/${agent}`],
    ['/api/v1/agents/{id}/updates', `/api/v1/agents/${agent}/updates`],
    ['/api/v1/command-types', '/api/v1/command-types'],
    ['/api/v1/agents/{id}/history', `/api/v1/agents/${agent}/history`],
    ['/api/v1/updates', '/api/v1/updates'],
    ['/api/v1/updates/rows', '/api/v1/updates/rows?limit=500'],
    ['/api/v1/commands', '/api/v1/commands'],
    ['/api/v1/commands/{id}', `/api/v1/commands/${command}`],
    ['/api/v1/enrolment-tokens', '/api/v1/enrolment-tokens'],
    ['/api/v1/clients', '/api/v1/clients'],
    ['/api/v1/errors', '/api/v1/errors'],
    ['/api/v1/errors/{id}', `/api/v1/errors/${errors[5]?.id}`],
    ['/api/v1/updates/{id}', `/api/v1/updates/${server.mock.fleet.updates.find((each: { state: string }) => each.state === 'verified').id as string}`],
    ['/api/v1/audit', '/api/v1/audit?limit=500'],
    ['/api/v1/audit/head', '/api/v1/audit/head'],
    ['/api/v1/security', '/api/v1/security'],
    ['/api/v1/rate-limits', '/api/v1/rate-limits'],
    ['/api/v1/schedules', '/api/v1/schedules'],
    ['/api/v1/schedules/{id}', `/api/v1/schedules/${schedule.id}`],
    ['/api/v1/schedules/{id}/runs', `/api/v1/schedules/${schedule.id}/runs`],
    ['/api/v1/held-orders', '/api/v1/held-orders'],
    ['/api/v1/second-person-rules', '/api/v1/second-person-rules'],
    ['/api/v1/ignore-rules', '/api/v1/ignore-rules?state=active,lifted,expired'],
    ['/api/v1/approval-policies', '/api/v1/approval-policies'],
    ['/api/v1/groups', '/api/v1/groups'],
    ['/api/v1/groups/{id}', `/api/v1/groups/${group.id}`],
    ['/api/v1/maintenance-windows', '/api/v1/maintenance-windows'],
    ['/api/v1/sites/{id}/maintenance-windows', `/api/v1/sites/${server.mock.fleet.clients[0].sites[0].id}/maintenance-windows`],
    ['/api/v1/agents/{id}/maintenance-windows', `/api/v1/agents/${member}/maintenance-windows`],
    ['/api/v1/profiles', '/api/v1/profiles'],
    ['/api/v1/profiles/place', `/api/v1/profiles/place?client_id=${server.mock.fleet.clients[0].id as string}`],
    ['/api/v1/profiles/place', `/api/v1/profiles/place?group_id=${group.id}`],
    ['/api/v1/profiles/schema', '/api/v1/profiles/schema'],
    ['/api/v1/agents/{id}/settings', `/api/v1/agents/${agent}/settings`],
  ];
  for (const [route, path] of asked) {
    const { status, type, body } = await ask('GET', path);
    expect(status).toBe(200);
    expectShape(route, 'GET', status, type, body);
  }
}, patience_ms);

test('every change answers in the document’s shape', async () => {
  const { agents, commands, updates } = server.mock.fleet;
  const schedule = { name: 'Nightly', type: 'scan', parameters: {}, scope: { everything: true }, rule: { repeat: 'daily', time: '02:00' } };
  const window = { client_id: server.mock.fleet.clients[0].id, name: 'Night', rule: { repeat: 'daily', time: '22:00' }, length_minutes: 240 };
  const update_ids = updates.slice(0, 5).map((update: { id: string }) => update.id);
  const [service_account] = await listed('/api/v1/service-accounts');
  const schedules = await listed('/api/v1/schedules');
  const held = await listed('/api/v1/held-orders');
  const asked: [string, string, unknown][] = [
    ['/api/v1/approvals', '/api/v1/approvals?preview=1', { update_ids }],
    ['/api/v1/approvals', '/api/v1/approvals', { update_ids }],
    ['/api/v1/ignore-rules', '/api/v1/ignore-rules?preview=1', { pattern: 'curl', reason: 'x' }],
    ['/api/v1/ignore-rules', '/api/v1/ignore-rules', { pattern: 'curl', reason: 'x' }],
    ['/api/v1/ignore-rules/{id}/lift', `/api/v1/ignore-rules/${server.mock.fleet.rules[0].id}/lift`, undefined],
    ['/api/v1/approval-policies', '/api/v1/approval-policies?preview=1', { name: 'x', action: 'install', lines: [{ after_hours: 1 }] }],
    ['/api/v1/approval-policies', '/api/v1/approval-policies', { name: 'x', action: 'install', lines: [{ after_hours: 1 }] }],
    ['/api/v1/profiles', '/api/v1/profiles?preview=1', { name: 'x', settings: { log: { level: 'debug' } } }],
    ['/api/v1/profiles', '/api/v1/profiles', { name: 'x', settings: { log: { level: 'debug' } } }],
    ['/api/v1/commands', '/api/v1/commands', { type: 'scan', agent_ids: [agents[0].id], parameters: {} }],
    ['/api/v1/commands/{id}/cancel', `/api/v1/commands/${commands[0].id}/cancel`, undefined],
    ['/api/v1/commands/{id}/retry', `/api/v1/commands/${commands[0].id}/retry`, undefined],
    ['/api/v1/commands/{id}/confirm', `/api/v1/commands/${commands[3].id}/confirm`, undefined],
    ['/api/v1/users', '/api/v1/users', { username: 'kim', password: 'twelve letters', grants: [{ role: 'viewer', client_id: null, site_id: null }] }],
    ['/api/v1/service-accounts', '/api/v1/service-accounts', { name: 'script', grants: [{ role: 'viewer', client_id: null, site_id: null }] }],
    ['/api/v1/service-accounts/{id}/tokens', `/api/v1/service-accounts/${service_account.id}/tokens`, { name: 'x', expires_in_s: 3600 }],
    ['/api/v1/clients', '/api/v1/clients', { name: 'A client' }],
    ['/api/v1/clients/{id}/sites', `/api/v1/clients/${server.mock.fleet.clients[0].id}/sites`, { name: 'A site' }],
    ['/api/v1/schedules', '/api/v1/schedules', schedule],
    ['/api/v1/schedules/preview', '/api/v1/schedules/preview', schedule],
    ['/api/v1/schedules/{id}/pause', `/api/v1/schedules/${schedules[0].id}/pause`, undefined],
    ['/api/v1/groups', '/api/v1/groups', { client_id: server.mock.fleet.clients[0].id, name: 'A group', agent_ids: [agents[0].id] }],
    ['/api/v1/maintenance-windows', '/api/v1/maintenance-windows', window],
    ['/api/v1/maintenance-windows/preview', '/api/v1/maintenance-windows/preview', window],
    ['/api/v1/commands/{id}/run-outside-window', `/api/v1/commands/${commands[14].id}/run-outside-window`, { reason: 'x' }],
    ['/api/v1/account/second-factor', '/api/v1/account/second-factor', undefined],
    ['/api/v1/account/second-factor/confirm', '/api/v1/account/second-factor/confirm', { code: '123456' }],
    ['/api/v1/account/second-factor/recovery-codes', '/api/v1/account/second-factor/recovery-codes', { code: '123456' }],
    ['/api/v1/session', '/api/v1/session', { username: 'mara', password: 'correct horse battery' }],
    ['/api/v1/session/second-factor', '/api/v1/session/second-factor', { code: '123456' }],
    ['/api/v1/held-orders/{id}/approve', `/api/v1/held-orders/${held[0].id}/approve`, { reason: 'agreed' }],
    ['/api/v1/approval-policies/{id}/approve', `/api/v1/approval-policies/${server.mock.fleet.policies[0].id}/approve`, { reason: 'agreed', changed_at: server.mock.fleet.policies[0].changed_at }],
    ['/api/v1/approval-policies/{id}/withdraw-approval', `/api/v1/approval-policies/${server.mock.fleet.policies[0].id}/withdraw-approval`, undefined],
    ['/api/v1/schedules/{id}/approve', `/api/v1/schedules/${schedules[4]?.id}/approve`, { reason: 'agreed', changed_at: schedules[4]?.changed_at }],
    ['/api/v1/schedules/{id}/withdraw-approval', `/api/v1/schedules/${schedules[4]?.id}/withdraw-approval`, undefined],
    ['/api/v1/held-orders/{id}/decline', `/api/v1/held-orders/${held[1]?.id}/decline`, { reason: 'not now' }],
    ['/api/v1/enrolment-tokens', '/api/v1/enrolment-tokens', { seats: 2, expires_in_s: 3600 }],
  ];
  for (const [route, path, sent] of asked) {
    const { status, type, body } = await ask('POST', path, sent);
    expectShape(route, 'POST', status, type, body);
  }
}, patience_ms);

test('a refusal is a problem document', async () => {
  const { status, type, body } = await ask('GET', '/api/v1/agents/nobody');
  expect([status, type]).toEqual([404, 'application/problem+json']);
  expect(ajv.validate({ $ref: 'api#/components/schemas/Problem' }, body)).toBe(true);
});
