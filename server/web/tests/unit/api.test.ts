import { beforeEach, describe, expect, test, vi } from 'vitest';

import { approve, previewApproval, signIn } from '../../src/api/actions';
import { answerOf, api } from '../../src/api/client';
import { mayAct, mayThere, placeOf } from '../../src/api/permissions';
import { ApiProblem, isAway, problemFrom, Unreachable } from '../../src/api/problem';
import { approveAll, approvedText, previewAll, skipReasons, waitsOf, type Part } from '../../src/screens/updates/approval';
import { readable } from '../../src/api/readable';

const problem = {
  type: 'about:blank', title: 'Not found', status: 404, detail: 'There is no such agent.', code: 'agent.not_found', request_id: 'R1',
};

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

// The client takes the browser's fetch when it is loaded, and the browser knows its own address: both are stood in for
// before that.
const network = vi.hoisted(() => {
  const stand: { answer: (request: Request) => Response | Promise<Response>; sent: Request[] } = {
    answer: () => new Response(null),
    sent: [],
  };
  globalThis.Request = class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === 'string' && input.startsWith('/') ? `https://redflag.example${input}` : input, init);
    }
  };
  globalThis.fetch = async (input) => {
    const request = input as Request;
    stand.sent.push(request);
    return stand.answer(request);
  };
  return stand;
});

function answerWith(make: (request: Request) => Response | Promise<Response>) {
  network.answer = make;
}

const preview = { approval_id: null, approved: 2, agents: 2, skipped: [], command_ids: [], awaiting_approval: false, waits: [] };
const group = { manager: 'apt', name: 'openssl', arch: 'amd64', candidate_version: '3' };

beforeEach(() => {
  network.sent = [];
});

describe('an answer', () => {
  test('that is a problem keeps its code and request id', async () => {
    answerWith(() => json(404, problem));
    const failure = await answerOf(api.GET('/api/v1/agents/{id}', { params: { path: { id: 'A' } } })).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(ApiProblem);
    expect(failure).toMatchObject({ code: 'agent.not_found', requestId: 'R1', status: 404, message: 'There is no such agent.' });
  });

  test('of somebody else on the way is a problem, too', () => {
    const failure = problemFrom(new Response('<html>', { status: 502 }), '<html>');
    expect(failure.code).toBe('http.502');
    expect(isAway(failure)).toBe(true);
  });

  test('that never comes says that the server is away', async () => {
    answerWith(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(answerOf(api.GET('/api/v1/overview'))).rejects.toBeInstanceOf(Unreachable);
  });

  test('tells how long to wait', () => {
    const failure = problemFrom(new Response(null, { status: 429, headers: { 'Retry-After': '30' } }), { ...problem, status: 429 });
    expect(failure.retryAfterS).toBe(30);
  });
});

describe('a request', () => {
  test('joins several states by commas, as the API wants them', async () => {
    answerWith(() => json(200, { items: [], next_cursor: null, total: 0 }));
    await answerOf(api.GET('/api/v1/commands', { params: { query: { state: ['queued', 'running'] } } }));
    expect(new URL(network.sent[0]?.url ?? '').searchParams.get('state')).toBe('queued,running');
  });

  test('that changes something carries the CSRF token of the session; one that reads does not', async () => {
    answerWith((request) =>
      request.url.endsWith('/session') ? json(200, { user: {}, csrf_token: 'T' }) : json(200, preview),
    );
    await signIn('mara', 'secret');
    await previewApproval({ group });
    await answerOf(api.GET('/api/v1/overview'));
    expect(network.sent.map((request) => request.headers.get('X-CSRF-Token'))).toEqual([null, 'T', null]);
  });
});

describe('an approval', () => {
  test('carries one key for each intention, the same on a second try', async () => {
    answerWith(() => json(200, preview));
    const parts = await previewAll([{ label: 'a', target: { group } }, { label: 'b', target: { update_ids: ['U'] } }]);
    network.sent = [];
    let failing = true;
    answerWith(() => (failing && network.sent.length === 2 ? Promise.reject(new TypeError('cut')) : json(201, preview)));
    const state = new Map<string, Part>(parts.map((part) => [part.intention, part]));
    const carryOut = () => approveAll([...state.values()], null, (part) => state.set(part.intention, part));
    await expect(carryOut()).rejects.toBeInstanceOf(Unreachable);
    failing = false;
    await carryOut();
    const keys = network.sent.map((request) => request.headers.get('Idempotency-Key'));
    expect(keys).toEqual([parts[0]?.intention, parts[1]?.intention, parts[1]?.intention]);
    expect(new Set(keys).size).toBe(2);
  });

  test('says how many were approved, and not how many were when somebody looked', async () => {
    answerWith(() => json(200, { ...preview, approved: 3 }));
    const parts = await previewAll([{ label: 'a', target: { group } }, { label: 'b', target: { group } }]);
    answerWith(() => json(201, { ...preview, approved: 2 }));
    network.sent = [];
    const begun = parts.map((part, index) => (index === 0 ? { ...part, done: { ...preview, approved: 3 } } : part));
    const approvals = await approveAll(begun, null, () => undefined);
    expect(network.sent).toHaveLength(1);
    expect(approvedText(begun, approvals)).toBe('5 updates approved. Each machine now makes its plan. 1 update was left out: changed since you looked.');
    expect(approvedText(begun.slice(0, 1), [{ ...preview, approved: 0 }])).toBe('Nothing was approved. 3 updates were left out: changed since you looked.');
    const held = { ...preview, approved: 3, awaiting_approval: true };
    expect(approvedText(begun.slice(0, 1), [held])).toBe('3 updates approved. A second person must approve them too: Operations, To approve.');
  });

  test('never sends a part of which nothing can be approved', async () => {
    answerWith(() => json(200, { ...preview, approved: 0 }));
    const parts = await previewAll([{ label: 'a', target: { group } }]);
    network.sent = [];
    await approveAll(parts, null, () => undefined);
    expect(network.sent).toEqual([]);
  });

  test('with a key says so to the server', async () => {
    answerWith(() => json(201, preview));
    await approve({ group }, 'K');
    expect(network.sent[0]?.headers.get('Idempotency-Key')).toBe('K');
    expect(new URL(network.sent[0]?.url ?? '').search).toBe('');
  });

  test('outside of maintenance windows says why', async () => {
    answerWith(() => json(201, preview));
    await approve({ group }, 'K', 'an exploit is out');
    expect(await network.sent[0]?.clone().json()).toEqual({ group, outside_window: 'an exploit is out' });
  });

  test('counts a machine of several parts once among those that wait, soonest first', () => {
    const wait = (window: string, day: number, agents: number) => ({ window, opens_at: `2026-03-0${day}T22:00:00Z`, closes_at: `2026-03-0${day}T23:00:00Z`, agents });
    const waits = waitsOf([
      { ...preview, waits: [wait('late', 3, 2), wait('soon', 2, 1)] },
      { ...preview, waits: [wait('soon', 2, 4)] },
    ]);
    expect(waits.map(({ window, agents }) => [window, agents])).toEqual([['soon', 4], ['late', 2]]);
  });

  test('groups what it leaves out by why, most first', () => {
    const skip = (update_id: string, text: string) => ({ update_id, hostname: 'h', name: 'n', code: 'c', text });
    const reasons = skipReasons([
      { ...preview, skipped: [skip('1', 'held')] },
      { ...preview, skipped: [skip('2', 'reports only'), skip('3', 'reports only')] },
    ]);
    expect(reasons.map(({ text, rows }) => [text, rows.length])).toEqual([['Reports only', 2], ['Held', 1]]);
  });
});

test('a role may what the roles below it may', () => {
  expect(mayAct('approver', 'technician')).toBe(true);
  expect(mayAct('technician', 'approver')).toBe(false);
});

test('what is offered is judged by the place', () => {
  const a = { client_id: 'A', site_id: 'A1' };
  const grants = [
    { role: 'technician' as const, client_id: 'A', site_id: null },
    { role: 'admin' as const, client_id: 'B', site_id: 'B1' },
  ];
  expect(mayThere(grants, 'technician', a)).toBe(true);
  expect(mayThere(grants, 'approver', a)).toBe(false);
  expect(mayThere(grants, 'admin', { client_id: 'B', site_id: 'B1' })).toBe(true);
  expect(mayThere(grants, 'viewer', { client_id: 'B', site_id: 'B2' })).toBe(false);
  expect(mayThere(grants, 'viewer', { client_id: 'C', site_id: 'C1' })).toBe(false);
  expect(mayThere(grants, 'admin', undefined)).toBe(true);
  expect(mayThere(grants, 'admin', 'everywhere')).toBe(false);
  expect(mayThere([{ role: 'admin', client_id: null, site_id: null }], 'admin', 'everywhere')).toBe(true);
});

test('what holds at a place is judged there, and what holds for one machine at any site of its client', () => {
  const of_site = [{ role: 'approver' as const, client_id: 'A', site_id: 'A1' }];
  const may = (scope: Parameters<typeof placeOf>[0]) => mayThere(of_site, 'approver', placeOf(scope));
  expect(may({ client_id: null, site_id: null })).toBe(false);
  expect(may({ client_id: 'A', site_id: null })).toBe(false);
  expect(may({ client_id: 'A', site_id: 'A1' })).toBe(true);
  expect(may({ client_id: 'A', site_id: null, agent_id: 'M' })).toBe(true);
  expect(may({ client_id: 'B', site_id: null, agent_id: 'M' })).toBe(false);
});

test('texts that would be obeyed instead of read are made visible, and nothing else is changed', () => {
  expect(readable({ rows: ['a\u202eb', 'c'], n: 1 })).toEqual({ rows: ['a\uFFFDb', 'c'], n: 1 });
  expect(readable('\u001b[31m\u007f\u009b')).toBe('␛[31m␡\uFFFD');
  const clean = { text: 'שלום, tab\tand line\n', list: [{ none: null, yes: true }] };
  expect(readable(clean)).toBe(clean);
});
