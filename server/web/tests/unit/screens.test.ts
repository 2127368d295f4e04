import { renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';

import type { Agent, Client, Command, EnrolmentToken, Grant, Update } from '../../src/api/types';
import { localTime } from '../../src/format/time';
import { progressText } from '../../src/parts/command-progress';
import { useLoaded } from '../../src/parts/list';
import { factText } from '../../src/screens/agent/agent-overview';
import { moveOf, targetsFor } from '../../src/screens/agents/moving';
import { stepsOf } from '../../src/screens/enrolment/steps';
import { standingOf } from '../../src/screens/enrolment/tokens';
import { lineToPaste } from '../../src/screens/enrolment/line-to-paste';
import { isCancellable, stopped } from '../../src/screens/operations/command-buttons';
import { cleared, viewOf } from '../../src/screens/operations/operations-screen';
import { planNote } from '../../src/screens/operations/plan-view';
import { stepsBack } from '../../src/screens/operations/roll-back';
import { plansOf } from '../../src/screens/operations/waiting-plans';
import { driftsOf, driftText, levelText, settingText } from '../../src/screens/profiles/profile-words';
import { placeOf } from '../../src/screens/schedules/scope';
import { beginningOf } from '../../src/screens/settings/grants';
import { takeToken } from '../../src/screens/setup/token';
import { sharesOf } from '../../src/screens/updates/group-columns';
import { daysOf, hoursOf, lineText, textsOf } from '../../src/screens/rules/policy-words';
import { literally, rulesOf, untilOf } from '../../src/screens/updates/ignoring';
import { whyOf } from '../../src/screens/updates/row-columns';
import { holderOf } from '../../src/screens/windows/holder';

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

test('a plan says where it may not name every service that has to be restarted', () => {
  const plan = { steps: [], download_bytes: 0, installed_bytes_delta: 0, needs_reboot: false, restarts: ['ssh.service'] };
  expect(planNote(plan)).toMatch(/to be restarted: ssh.service$/);
  expect(planNote({ ...plan, restarts_incomplete: true })).toMatch(/more services may have to be restarted than could be named$/);
});

test('an install that runs cannot be cancelled, a scan can', () => {
  const command = { type: 'install_updates', state: 'running' } as Parameters<typeof isCancellable>[0];
  expect(isCancellable(command)).toBe(false);
  expect(isCancellable({ ...command, state: 'accepted' })).toBe(true);
  expect(isCancellable({ ...command, type: 'scan' })).toBe(true);
  expect(isCancellable({ ...command, state: 'succeeded' })).toBe(false);
});

test('a machine that was asked to stop something is not asked again before it has answered', () => {
  const command = { type: 'scan', state: 'running', cancel_asked: false } as Command;
  expect(isCancellable(command)).toBe(true);
  expect(isCancellable({ ...command, cancel_asked: true })).toBe(false);
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

test('a view stays when what narrows it down is cleared', () => {
  expect(cleared({ state: ['refused'], type: 'scan' })).toEqual({ view: 'finished' });
  expect(cleared({ view: 'all', order: 'O' })).toEqual({ view: 'all' });
  expect(cleared({ state: ['running'] })).toEqual({});
});

test('rows of the filters before are not counted as those of these', () => {
  const query = { data: { pages: [{ items: ['a'], next_cursor: null, total: 7 }], pageParams: [''] }, hasNextPage: false, isFetchingNextPage: false };
  const counted = (more: object) => renderHook(() => useLoaded({ ...query, ...more } as unknown as Parameters<typeof useLoaded>[0])).result.current.counted;
  expect(counted({ isPlaceholderData: true })).toBe(undefined);
  expect(counted({ isPlaceholderData: false })).toBe(7);
  expect(counted({ isPlaceholderData: false, data: undefined })).toBe(undefined);
});

test('only a machine that has a command in hands is asked to cancel it', () => {
  const command = { title: 'Scan', hostname: 'h', state: 'queued' } as Command;
  expect(stopped(command, { ...command, state: 'cancelled' })).toBe('Cancelled: Scan on h');
  expect(stopped({ ...command, state: 'running' }, { ...command, state: 'running' })).toBe('Asked h to cancel: Scan');
  expect(stopped({ ...command, state: 'lost' }, { ...command, state: 'expired' })).toBe('Given up: Scan on h');
});

test('whoever administers one place gives somebody new that place, and no more', () => {
  const of_client: Grant = { role: 'admin', client_id: 'A', site_id: null };
  const of_site: Grant = { role: 'admin', client_id: 'A', site_id: 'A1' };
  const looks: Grant = { role: 'viewer', client_id: null, site_id: null };
  expect(beginningOf([{ ...looks, role: 'admin' }, of_client])).toEqual([looks]);
  expect(beginningOf([looks, of_client])).toEqual([{ ...of_client, role: 'viewer' }]);
  expect(beginningOf([of_site])).toEqual([{ ...of_site, role: 'viewer' }]);
});

test('a schedule is changed by who may at all that it is for', () => {
  const clients = [{ id: 'A', name: 'A', sites: [{ id: 'A1', name: 'One' }] }] as unknown as Client[];
  expect(placeOf({ everything: true }, clients)).toBe('everywhere');
  expect(placeOf({ client_id: 'A' }, clients)).toEqual({ client_id: 'A', site_id: '' });
  expect(placeOf({ site_id: 'A1' }, clients)).toEqual({ client_id: 'A', site_id: 'A1' });
  expect(placeOf({ agent_ids: ['M'] }, clients)).toBe(undefined);
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

test('an update says what it waits for as the server says it, with times as the viewer reads them, or how it ended', () => {
  const update = { state: 'available', reason: null, waiting_for: null } as Update;
  expect(whyOf(update)).toBe(null);
  expect(whyOf({ ...update, waiting_for: 'a person to approve it' })).toBe('A person to approve it');
  const at = '2026-03-01T22:00:00Z';
  expect(whyOf({ ...update, waiting_for: `its time, which is ${at}` })).toBe(`Its time, which is ${localTime(at)}`);
  const gone = { code: 'scan.not_listed', text: 'a complete scan no longer lists it' };
  expect(whyOf({ ...update, reason: gone })).toBe('a complete scan no longer lists it');
  expect(whyOf({ ...update, reason: gone, waiting_for: 'a person to approve it' })).toBe('A person to approve it');
});

test('a command says how far it is, or what it waits for, with times as the viewer reads them', () => {
  expect(progressText({ percent: 40, progress: 'Unpacking' })).toBe('40 % · Unpacking');
  const at = '2026-03-01T22:05:00.000Z';
  const progress = `the machine is restarted first, as was ordered, at about ${at}`;
  expect(progressText({ percent: null, progress })).toBe(progress.replace(at, localTime(at)));
});

test('a name that is ignored means nothing but itself as a pattern', () => {
  expect(literally('lib*[?]\\x')).toBe('lib\\*[\\?]\\\\x');
});

test('updates that are ignored for a place are one rule, on single machines one each', () => {
  const on = (agent_id: string) => ({ label: 'nginx', covers: { manager: 'apt', key: 'nginx:amd64', agent_id }, version: '1.1' });
  const terms = { scope: null, this_version: false, until: null, reason: 'x' };
  expect(rulesOf([on('A'), on('B')], terms).map((rule) => rule.agent_id)).toEqual(['A', 'B']);
  const at_client = rulesOf([on('A'), on('B')], { ...terms, this_version: true, scope: { client_id: 'C', site_id: null } });
  expect(at_client).toEqual([{ manager: 'apt', key: 'nginx:amd64', client_id: 'C', site_id: null, version: '1.1', until: null, reason: 'x' }]);
  expect(untilOf('7', Date.parse('2026-03-01T22:00:00Z'))).toBe('2026-03-08T22:00:00.000Z');
  expect(untilOf('', 0)).toBe(null);
});

test('the lines of a policy are said in words', () => {
  expect(lineText({ categories: ['security'], severities: ['critical', 'unknown'], after_hours: 24 })).toBe('Security, critical or unrated: after 1 day');
  expect(lineText({ after_hours: 168 })).toBe('Everything: after 7 days');
  expect(lineText({ after_hours: 6 })).toBe('Everything: after 6 hours');
  expect(lineText({ after_hours: 0 })).toBe('Everything: at once');
  expect(hoursOf(daysOf(30))).toBe(30);
  expect(textsOf(' apt, dnf\n')).toEqual(['apt', 'dnf']);
});

test('how far settings are as wished is said with the worst first', () => {
  const counts = { as_desired: 1_200, pending: 3, refused: 2, local: 0, unknown: 0, not_applicable: 0 };
  expect(driftsOf(counts)).toEqual(['refused', 'pending', 'as_desired']);
  expect(driftText(counts)).toBe('2 refused, 3 pending, 1,200 as wished');
  expect([levelText('site', null), levelText('group', 'Databases')]).toEqual(['Site', 'Group Databases']);
  expect([settingText('2h'), settingText(3), settingText(['a']), settingText(null)]).toEqual(['2h', '3', '["a"]', 'its own']);
});

test('a window that is not of a place names its group or its machine', () => {
  expect(holderOf({ group_name: 'Databases', hostname: null })).toBe('of the group Databases: ');
  expect(holderOf({ group_name: null, hostname: 'db-1' })).toBe('of db-1: ');
  expect(holderOf({ group_name: null, hostname: null })).toBe('');
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
