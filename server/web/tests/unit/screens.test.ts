import { expect, test } from 'vitest';

import type { Agent, Client, EnrolmentToken, Grant, Update } from '../../src/api/types';
import { factText } from '../../src/screens/agent/agent-overview';
import { moveOf, targetsFor } from '../../src/screens/agents/moving';
import { stepsOf } from '../../src/screens/enrolment/steps';
import { standingOf } from '../../src/screens/enrolment/tokens';
import { lineToPaste } from '../../src/screens/enrolment/waiting-for';
import { isCancellable } from '../../src/screens/operations/command-buttons';
import { viewOf } from '../../src/screens/operations/operations-screen';
import { stepsBack } from '../../src/screens/operations/roll-back';
import { plansOf } from '../../src/screens/operations/waiting-plans';
import { takeToken } from '../../src/screens/setup/token';
import { sharesOf } from '../../src/screens/updates/group-columns';
import { whyOf } from '../../src/screens/updates/row-columns';

test('the set-up token is read once and leaves the address', () => {
  window.history.replaceState(null, '', '/setup#token=one-time');
  expect(takeToken()).toBe('one-time');
  expect(window.location.href).not.toContain('one-time');
  expect(takeToken()).toBe('one-time');
});

test('the bundle never is an argument of the agent', () => {
  expect(lineToPaste('rfb1.x')).toBe("printf %s 'rfb1.x' | sudo redflag-agent enroll --bundle-stdin");
});

test('a plan that waits is one line, however many updates it has', () => {
  const update = (name: string, command_id: string | null) => ({ name, command_id, hostname: 'h' }) as Update;
  const plans = plansOf([update('a', 'C1'), update('b', 'C1'), update('c', 'C2'), update('d', null)]);
  expect(plans.map((plan) => [plan.commandId, plan.updates.length])).toEqual([['C1', 2], ['C2', 1]]);
});

test('an install that runs cannot be cancelled, a scan can', () => {
  const command = { type: 'install_updates', state: 'running' } as Parameters<typeof isCancellable>[0];
  expect(isCancellable(command)).toBe(false);
  expect(isCancellable({ ...command, state: 'accepted' })).toBe(true);
  expect(isCancellable({ ...command, type: 'scan' })).toBe(true);
  expect(isCancellable({ ...command, state: 'succeeded' })).toBe(false);
});

test('an install is taken back by what it replaced, and nothing else', () => {
  const step = (name: string, operation: string, from: string, result: string) => ({ name, arch: 'amd64', operation, from, to: '2', category: 'unknown', requested: true, result });
  const steps = [step('a', 'upgrade', '1', 'done'), step('new', 'install', '', 'done'), step('b', 'upgrade', '1', 'failed'), step('c', 'remove', '1', 'done')];
  const back = stepsBack({ type: 'install_updates', results: [{ steps }] } as Parameters<typeof stepsBack>[0]);
  expect(back.map(({ name, operation, from, to }) => [name, operation, from, to])).toEqual([['a', 'downgrade', '2', '1']]);
  expect(stepsBack({ type: 'plan_updates', results: [{ steps }] } as Parameters<typeof stepsBack>[0])).toEqual([]);
  expect(stepsBack({ type: 'install_updates', results: null } as Parameters<typeof stepsBack>[0])).toEqual([]);
});

test('a link to refused commands opens the view that has them', () => {
  expect(viewOf({ state: ['refused'] })).toBe('finished');
  expect(viewOf({ state: ['running'] })).toBe('flight');
  expect(viewOf({})).toBe('flight');
});

test('no update is lost when states are put together', () => {
  const states = { available: 5, approved: 1, installing: 2, verified: 3, failed: 4, superseded: 6, awaiting_reboot: 7 };
  const shares = sharesOf(states);
  expect(shares.reduce((sum, share) => sum + share.value, 0)).toBe(28);
  expect(shares[0]?.key).toBe('failed');
});

test('an enrolled machine goes from connected to scanned', () => {
  const done = (agent: Partial<Agent>) => stepsOf({ identity: { state: 'active' }, ...agent } as Agent).map((step) => step.done);
  expect(done({ connection: 'never', last_scan: null })).toEqual([true, false, false]);
  expect(done({ connection: 'connected', last_scan: null })).toEqual([true, true, false]);
  const pending = { state: 'pending', reason: '', since: null } as const;
  expect(done({ connection: 'connected', last_scan: null, identity: pending })).toEqual([true, true, false, false]);
});

test('a token that is revoked, used up or too old is not open', () => {
  const token = { revoked: false, seats: 1, seats_used: 0, expires_at: '2030-01-01T00:00:00Z' } as EnrolmentToken;
  const before = Date.parse('2029-12-31T00:00:00Z');
  expect(standingOf(token, before).text).toBe('Open');
  expect(standingOf({ ...token, seats_used: 1 }, before).text).toBe('Used up');
  expect(standingOf({ ...token, revoked: true }, before).text).toBe('Revoked');
  expect(standingOf(token, before + 2 * 86_400_000).text).toBe('Expired');
});

test('an update says what went wrong before what it waits for, and why it cannot be approved last', () => {
  const update = { state: 'available', reason: null, waiting_for: null, blocked_by: null, not_approvable_because: null } as Update;
  expect(whyOf(update)).toBe(null);
  const stuck = { ...update, not_approvable_because: 'this agent is in report mode' };
  expect(whyOf(stuck)).toBe('This agent is in report mode');
  expect(whyOf({ ...stuck, state: 'approved', waiting_for: 'the plan waits for its time' })).toBe('The plan waits for its time');
  expect(whyOf({ ...stuck, blocked_by: 'held' })).toBe('Held on the machine');
  expect(whyOf({ ...stuck, reason: { code: 'apt.failed', text: 'dpkg ended with status 1' } })).toBe('dpkg ended with status 1');
});

test('a move stays within the client, and within what one administers', () => {
  const agent = (hostname: string, client: string, site: string) =>
    ({ id: hostname, hostname, client: { id: client }, site: { id: site } }) as Agent;
  const clients = [
    { id: 'A', name: 'Client A', sites: [{ id: 'A1', name: 'One' }, { id: 'A2', name: 'Two' }, { id: 'A3', name: 'Three' }] },
    { id: 'B', name: 'Client B', sites: [{ id: 'B1', name: 'One' }] },
  ] as unknown as Client[];
  const grants: Grant[] = [
    { role: 'admin', client_id: 'A', site_id: 'A1' },
    { role: 'admin', client_id: 'A', site_id: 'A2' },
    { role: 'approver', client_id: 'A', site_id: 'A3' },
  ];
  const agents = [agent('one', 'A', 'A1'), agent('two', 'A', 'A2'), agent('three', 'A', 'A3'), agent('other', 'B', 'B1')];
  const targets = targetsFor(agents, clients, grants);
  expect(targets.map((target) => target.label)).toEqual(['Client A / One', 'Client A / Two']);
  const { moved, left_out } = moveOf(agents, { client_id: 'A', site_id: 'A2', label: '' }, grants);
  expect(moved.map((each) => each.hostname)).toEqual(['one']);
  expect(left_out.map(({ text, agents: left }) => [text, left.map((each) => each.hostname)])).toEqual([
    ['are there already', ['two']],
    ['are at a site that you do not administer', ['three']],
    ['belong to another client', ['other']],
  ]);
});

test('facts of any shape are text', () => {
  const texts = [true, 5, ['a', 1], null, { a: 1 }].map((value) => factText('cpu.count', value));
  expect(texts).toEqual(['yes', '5', 'a, 1', 'null', '{"a":1}']);
});

test('a fact is shown in the unit its name says', () => {
  expect(factText('memory.total_bytes', 25_276_026_880)).toBe('23.5 GiB');
  expect(factText('lists.age_s', 2120)).toBe('35 min 20 s');
  expect(factText('uptime_s', 7 * 86_400)).toBe('7 days');
  expect(factText('boot.at_s', 1_795_590_007)).toMatch(/2026/);
  expect(factText('reboot.required', 0)).toBe('no');
});
