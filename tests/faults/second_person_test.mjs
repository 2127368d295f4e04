// Row B12 with the real server and a real agent that can install: what a rule says one person may not do alone is handed to
// no machine until another person has approved it. Restarts are ordered of a machine that exists only here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Api } from '../e2e/lib/api.mjs';
import { openBrowser, signIn } from '../e2e/lib/browser.mjs';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';
import { LoneAgent } from './lib/raw_tls.mjs';
import { newId } from './lib/two_clients.mjs';

after(cleanUp);

const password = 'correct horse battery staple';
const fleet = new Fleet('second-person');
const machine = path.join(fleet.folder, 'machine');
const people = {};
let admin;
let agent;
let lone;

const sql = (query) => runToEnd(['sqlite3', path.join(fleet.data, 'redflag.db'), '.timeout 10000', query]).stdout.trim();
const done = () => (fs.existsSync(path.join(machine, 'log')) ? fs.readFileSync(path.join(machine, 'log'), 'utf8') : '');
const command = (id) => admin.get(`/api/v1/commands/${id}`);
const held = async (api = admin) => (await api.get('/api/v1/held-orders')).items;
const history = (kind) => Number(sql(`SELECT COUNT(*) FROM history WHERE kind = '${kind}'`));

async function person(name, role, client = null) {
  await admin.post('/api/v1/users', { username: name, password, grants: [{ role, client_id: client, site_id: null }] });
  people[name] = new Api(fleet.url, path.join(fleet.data, 'ca.pem'));
  await people[name].signIn(name, password);
}

// [status, code] of a decision; a proof that is asked for is given.
async function decide(who, id, how, reason = 'looked at it') {
  const target = `/api/v1/held-orders/${id}/${how}`;
  let answer = await who.request('POST', target, { reason }, { allowProblem: true });
  if (answer.body?.code === 'session.step_up_required' && who.password) {
    await who.post('/api/v1/session/step-up', { password: who.password });
    answer = await who.request('POST', target, { reason }, { allowProblem: true });
  }
  return [answer.status, answer.body?.code ?? answer.body?.commands];
}

// The agent fetches something else meanwhile, and so would have fetched this.
async function fetchesOnly(id) {
  const { items: [scan] } = await admin.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
  await until(async () => (await command(scan.id)).state === 'succeeded', 'the scan', 30_000, () => agent.process.output.slice(-2000));
  assert.equal((await command(id)).state, 'awaiting_approval');
  assert.ok(!agent.process.output.includes(id), 'the agent heard of it');
}

async function update(name) {
  return (await admin.get(`/api/v1/updates/rows?name=${name}`)).items.find((row) => row.agent_id === agent.id);
}

async function approveUpdate(who, name) {
  const approval = await who.post('/api/v1/approvals', { update_ids: [(await update(name)).id] });
  return { ...approval, id: approval.command_ids[0] };
}

before(async () => {
  await fleet.startServer();
  admin = await fleet.signIn();
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine, path.join(machine, 'packages'), path.join(machine, 'available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  for (const name of ['nginx', 'openssl', 'sudo']) {
    fs.writeFileSync(path.join(machine, 'packages', name), '1');
    fs.writeFileSync(path.join(machine, 'available', name), '2');
  }
  const { sha256 } = JSON.parse(fs.readFileSync(path.join(plugins, 'test.updater.json'), 'utf8'));
  agent = fleet.enrol('agent', `version: 1
mode: act
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins:
  test.updater: {settings: {folder: "${machine}"}, capabilities: ["read:${machine}"], sha256: ${sha256}}
policy:
  allow:
    - {action: test.updater/install, packages: ["*"], when: always}
`, { plugins, act: true });
  await agent.startExecutor();
  agent.start();
  const client = await admin.post('/api/v1/clients', { name: 'Elsewhere' });
  for (const [name, role, where] of [['erin', 'approver'], ['paul', 'approver'], ['tina', 'technician'], ['sam', 'admin', client.id]]) await person(name, role, where);
  lone = new LoneAgent(fleet);
  const token = await admin.post('/api/v1/enrolment-tokens', { seats: 1, expires_in_s: 3600, accept: 'auto' });
  await lone.enrol(token.bundle, 'lone');
  const answer = await lone.post('/agent/v1/upload', JSON.stringify({ items: [{ kind: 'agent_status', id: newId(), at: new Date().toISOString(), hostname: 'lone',
    agent_version: '0.1.0', mode: 'act', isolation: 'weak', boot_id: 'boot', os_name: 'Debian', os_version: '12', kernel: '6.1', config: { state: 'ok', text: '' },
    plugins: [{ id: 'system', version: '1.0.0', name: 'System', interfaces: ['rf.scanner/1', 'rf.actions/1'], state: 'ok', text: '', breaker: 'closed' }] }] }));
  assert.equal(answer.json?.acknowledged?.length, 1, answer.body);
  await until(async () => (await admin.get(`/api/v1/updates/rows?agent_id=${agent.id}`)).total === 3, 'three updates', 30_000, () => agent.process.output);
  // Whoever gave the others their passwords sets the rules.
  for (const risk of ['high', 'destructive']) await admin.request('PUT', `/api/v1/second-person-rules/${risk}`, { machines: 1 });
});

test('B12: an install that one person approved is handed to no machine until another person has approved it too', async () => {
  const ordered = await approveUpdate(people.erin, 'nginx');
  assert.equal(ordered.awaiting_approval, true);
  await fetchesOnly(ordered.id);
  assert.equal((await command(ordered.id)).waiting_for, 'another person must approve what erin ordered');
  const [order] = await held();
  assert.deepEqual([order.actor, order.agents, order.own, order.updates], ['erin', 1, false, ['nginx 2']]);
  assert.equal((await held(people.erin))[0].own, true);
  assert.deepEqual(await decide(people.paul, order.id, 'approve'), [200, 1]);
  await until(async () => (await admin.get(`/api/v1/updates/rows?name=nginx&state=verified`)).total === 1, 'the install and its proof', 60_000,
    () => agent.process.output.slice(-2000) + agent.executor.output.slice(-2000));
  assert.equal(done(), 'install begins\ninstalled nginx\n');
  assert.equal((await command(ordered.id)).approved_by, 'paul');
  assert.equal(history('command.approved'), 1);
  assert.deepEqual(await held(), []);
});

test('B12: nobody who is not another person there can approve, and what is refused changes nothing', async () => {
  const ordered = await approveUpdate(people.erin, 'openssl');
  const [order] = await held();
  for (const [name, may] of [['paul', true], ['tina', false]]) assert.equal((await held(people[name]))[0].may_decide, may, name);
  assert.deepEqual(await decide(people.erin, order.id, 'approve'), [403, 'order.own']);
  assert.deepEqual(await decide(people.erin, order.id, 'decline'), [403, 'order.own']);
  assert.deepEqual(await decide(people.tina, order.id, 'approve'), [403, 'role.insufficient']);
  assert.deepEqual(await decide(people.sam, order.id, 'approve'), [404, 'order.not_found']);
  assert.deepEqual(await decide(admin, order.id, 'approve'), [403, 'order.not_independent'], 'whoever made the author an account today');
  const account = await admin.post('/api/v1/service-accounts', { name: 'robot', grants: [{ role: 'admin', client_id: null, site_id: null }] });
  const { token } = await admin.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'one', expires_in_s: 600 });
  const robot = new Api(fleet.url, path.join(fleet.data, 'ca.pem'));
  const byToken = { headers: { authorization: `Bearer ${token}` }, allowProblem: true };
  for (const [how, code] of [['approve', 'session.step_up_required'], ['decline', 'session.people_only']]) {
    const refused = await robot.request('POST', `/api/v1/held-orders/${order.id}/${how}`, { reason: 'x' }, byToken);
    assert.deepEqual([refused.status, refused.body.code], [403, code]);
  }
  await fetchesOnly(ordered.id);
  assert.equal(history('command.approved'), 1, 'only the one before');

  // What its token ordered its maker cannot approve.
  const restart = { type: 'reboot', agent_ids: [lone.id], parameters: { delay_min: 1 } };
  const unproven = await robot.request('POST', '/api/v1/commands', restart, byToken);
  assert.equal(unproven.body.code, 'session.step_up_required', 'a token proves nothing');
  const byRobot = await robot.request('POST', '/api/v1/approvals', { update_ids: [(await update('sudo')).id] }, byToken);
  const robots = (await held()).find((one) => one.actor === 'robot');
  assert.equal(robots.own, true);
  assert.deepEqual(await decide(admin, robots.id, 'approve'), [403, 'order.own']);
  assert.deepEqual(await decide(people.paul, robots.id, 'decline', 'no robots today'), [200, 1]);
  const { state, reason } = await command(byRobot.body.command_ids[0]);
  assert.deepEqual([state, reason.text], ['cancelled', 'declined by paul: no robots today']);
  await until(async () => (await update('sudo')).state === 'available', 'the update to be given back');

  // A second account for one and the same person.
  await person('boss', 'admin');
  await people.boss.request('POST', '/api/v1/users', { username: 'puppet', password, grants: [{ role: 'approver', client_id: null, site_id: null }] });
  people.puppet = new Api(fleet.url, path.join(fleet.data, 'ca.pem'));
  await people.puppet.signIn('puppet', password);
  await approveUpdate(people.boss, 'sudo');
  const bosss = (await held()).find((one) => one.actor === 'boss');
  assert.deepEqual(await decide(people.puppet, bosss.id, 'approve'), [403, 'order.not_independent']);
  assert.deepEqual(await decide(people.erin, bosss.id, 'decline'), [200, 1]);

  // Nobody decides: it ends.
  sql(`UPDATE commands SET expires_at = 1 WHERE command_id = '${ordered.id}'`);
  await until(async () => (await command(ordered.id)).state === 'expired', 'the order to end', 60_000);
  assert.equal((await command(ordered.id)).reason.code, 'command.not_approved');
  await until(async () => (await update('openssl')).state === 'available', 'the update to be given back');
  assert.equal(done(), 'install begins\ninstalled nginx\n');
});

test('B12: a restart waits as well, and reaches its machine when it is approved with a proof', async () => {
  const fetched = async () => (await lone.post('/agent/v1/commands/fetch', '{}')).json.commands;
  const ordered = (await people.erin.post('/api/v1/commands', { type: 'reboot', agent_ids: [lone.id], parameters: { delay_min: 1 } })).items[0];
  assert.equal(ordered.state, 'awaiting_approval');
  assert.deepEqual(await fetched(), []);
  const list = runToEnd([program('redflagctl'), 'held-orders', '--help']).stdout;
  assert.match(list, /list/);
  sql('UPDATE sessions SET proven_at = 0');
  const unproven = await people.paul.request('POST', `/api/v1/held-orders/${ordered.order_id}/approve`, { reason: 'x' }, { allowProblem: true });
  assert.equal(unproven.body.code, 'session.step_up_required');
  assert.deepEqual(await decide(people.paul, ordered.order_id, 'approve'), [200, 1]);
  assert.equal((await fetched()).length, 1);
  assert.deepEqual(await decide(people.paul, ordered.order_id, 'approve'), [404, 'order.not_found'], 'once');
});

// As if its time had come again.
const minuteAgo = () => new Date(Date.now() - 60_000).toISOString().slice(11, 16);
async function comes(schedule) {
  const now = BigInt(Date.now()) * 1_000_000n;
  sql(`DELETE FROM schedule_runs WHERE schedule_id = '${schedule.id}'; UPDATE schedules SET checked_at = ${now - 240n * 1_000_000_000n}, next_at = ${now - 1_000_000_000n} WHERE schedule_id = '${schedule.id}'`);
  const run = await until(async () => (await admin.get(`/api/v1/schedules/${schedule.id}/runs`)).items[0], 'a run of the schedule', 30_000, () => fleet.server.output.slice(-1500));
  return (await admin.get(`/api/v1/commands?run_id=${run.id}`)).items[0];
}
const audited = (code) => Number(sql(`SELECT COALESCE(SUM(times), 0) FROM audit WHERE code = '${code}'`));

// [status, code], or the reason that is now there.
async function approveBeforehand(who, what, made, more = {}) {
  const body = { reason: 'as agreed on Monday', changed_at: made.changed_at, ...more };
  const answer = await who.request('POST', `/api/v1/${what}/${made.id}/approve`, body, { allowProblem: true });
  return answer.status === 200 ? answer.body.second_person.reason : [answer.status, answer.body.code];
}

test('B12: what a schedule orders waits each time, until another person has approved the schedule, and again once it is changed', async () => {
  const wish = { name: 'Nightly restart', type: 'reboot', parameters: { delay_min: 4 }, scope: { agent_ids: [lone.id] }, rule: { repeat: 'daily', time: minuteAgo() }, time_zone: 'UTC' };
  const made = await people.erin.post('/api/v1/schedules', wish);
  const fetched = async () => (await lone.post('/agent/v1/commands/fetch', '{}')).json.commands.length;
  const before = await fetched();
  const first = await comes(made);
  assert.equal(first.state, 'awaiting_approval');
  assert.equal(await fetched(), before, 'nothing is handed out');
  assert.deepEqual(await decide(people.erin, first.order_id, 'approve'), [403, 'order.own']);
  assert.deepEqual(await decide(people.paul, first.order_id, 'decline', 'not one by one'), [200, 1]);

  const shown = async () => (await admin.get(`/api/v1/schedules/${made.id}`)).second_person;
  sql('UPDATE sessions SET proven_at = 0');
  assert.deepEqual(await approveBeforehand(people.paul, 'schedules', made), [403, 'session.step_up_required']);
  for (const who of [admin, ...Object.values(people)]) await who.post('/api/v1/session/step-up', { password: who.password });
  const refused = [[people.erin, [403, 'order.own']], [people.tina, [403, 'role.insufficient']], [people.sam, [404, 'schedule.not_found']],
    [admin, [403, 'order.not_independent']]];
  for (const [who, code] of refused) assert.deepEqual(await approveBeforehand(who, 'schedules', made), code);
  assert.deepEqual(await approveBeforehand(people.paul, 'schedules', made, { changed_at: '2020-01-01T00:00:00.000Z' }), [409, 'second_person.changed']);
  assert.deepEqual(await approveBeforehand(people.paul, 'schedules', made, { reason: ' ' }), [400, 'request.invalid']);
  assert.equal(await shown(), null, 'what is refused changes nothing');
  for (const [, [, code]] of refused) await until(() => audited(code) > 0, `${code} in the audit log`, 10_000);
  await until(() => audited('second_person.changed') > 0, 'the one that came too late in the audit log', 10_000);

  assert.equal(await approveBeforehand(people.paul, 'schedules', made), 'as agreed on Monday');
  assert.deepEqual([(await shown()).by, (await shown()).counts], ['paul', true]);
  const second = await comes(made);
  assert.deepEqual([second.state, second.approved_by], ['queued', 'paul']);
  assert.equal(await fetched(), before + 1);
  assert.equal(history('schedule.approved'), 1);

  await people.erin.request('PUT', `/api/v1/schedules/${made.id}`, { ...wish, parameters: { delay_min: 7 } });
  assert.equal(await shown(), null, 'it is not what Paul has seen any more');
  const third = await comes(made);
  assert.equal(third.state, 'awaiting_approval');
  assert.equal(await fetched(), before + 1);
  assert.deepEqual(await decide(people.paul, third.order_id, 'decline'), [200, 1]);
});

test('B12: a policy that another person approved on the screen installs by itself; before, each of its orders waits', async () => {
  await person('dora', 'admin');
  const terms = { name: 'Tools at once', action: 'install', include: ['wget', 'curl'], lines: [{ after_hours: 0 }] };
  const made = await people.dora.post('/api/v1/approval-policies', terms);
  const offer = async (name) => {
    fs.writeFileSync(path.join(machine, 'packages', name), '1');
    fs.writeFileSync(path.join(machine, 'available', name), '2');
    await admin.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
    const outcome = async () => {
      await sleep(500);  // a person is let ask so often only
      const verified = (await admin.get(`/api/v1/updates/rows?state=verified&name=${name}`)).items.some((row) => row.agent_id === agent.id);
      return (await held()).find((one) => one.updates.includes(`${name} 2`)) ?? verified;
    };
    return until(outcome, `what becomes of ${name}`, 90_000,
      () => fleet.server.output.slice(-1500) + agent.process.output.slice(-1500));
  };
  const waits = await offer('wget');
  assert.equal(waits.actor, 'policy Tools at once');
  const log = done();
  assert.deepEqual(await approveBeforehand(people.dora, 'approval-policies', made), [403, 'order.own']);
  assert.deepEqual(await decide(people.dora, waits.id, 'approve'), [403, 'order.own']);
  const { browser, page, problems, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/updates/rules`);
    await signIn(page, 'paul', password);
    await page.getByRole('button', { name: 'Approve once: what Tools at once orders' }).click();
    await page.getByLabel('Reason').fill('they restart nothing');
    await picture('approve-policy');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Approved beforehand by paul').waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
  assert.equal(done(), log, 'what waited goes on waiting');
  assert.deepEqual(await decide(people.erin, waits.id, 'decline'), [200, 1]);
  assert.equal(await offer('curl'), true, 'it is installed without waiting');
  // With what was declined before, when it was asked for one by one: the policy is approved now.
  assert.match(done().slice(log.length), /^install begins\n(installed wget\n)?installed curl\n(installed wget\n)?$/);
  assert.equal(history('policy.approved'), 1);
  await people.dora.request('PUT', `/api/v1/approval-policies/${made.id}`, { ...terms, enabled: false });
  assert.equal((await admin.get('/api/v1/approval-policies')).items[0].second_person, null);
});

test('B12: switching the rule off counts a day later', async () => {
  const { body: off } = await admin.request('PUT', '/api/v1/second-person-rules/destructive', { machines: 0 });
  assert.deepEqual([off.machines, off.set], [1, 0]);
  assert.ok(Date.parse(off.set_counts_at) > Date.now() + 23 * 3_600_000);
  const [ordered] = (await people.paul.post('/api/v1/commands', { type: 'reboot', agent_ids: [lone.id], parameters: { delay_min: 2 } })).items;
  assert.equal(ordered.state, 'awaiting_approval');
  const refused = await people.erin.request('PUT', '/api/v1/second-person-rules/destructive', { machines: 0 }, { allowProblem: true });
  assert.equal(refused.status, 403);
});

test('the screen says who waits for whom, and another person decides there with a reason', async () => {
  const { browser, page, problems, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/operations?view=held`);
    await signIn(page, 'erin', password);
    await page.getByText('Ordered by paul').waitFor();
    await picture('held-orders');
    await page.getByRole('button', { name: /^Decline: Restart/ }).click();
    await page.getByLabel('Reason').fill('not while people work');
    await page.getByRole('dialog').getByRole('button', { name: 'Decline' }).click();
    await page.getByText('No order waits for a second person').waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
  assert.equal((await admin.get('/api/v1/commands?type=reboot')).items[0].reason.text, 'declined by erin: not while people work');
});
