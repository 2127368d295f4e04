// The life of orders and updates on a real machine: what is one order, what a scan may change, what stands behind "verified",
// and where everything that went wrong can be found.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Api } from '../e2e/lib/api.mjs';
import { openBrowser, signIn } from '../e2e/lib/browser.mjs';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, runToEnd, until } from '../e2e/lib/processes.mjs';

after(cleanUp);

const fleet = new Fleet('life');
const machine = path.join(fleet.folder, 'machine');
let api;
let agent;

const knob = (name) => path.join(machine, name);
const set = (name) => fs.writeFileSync(knob(name), '');
const unset = (name) => fs.rmSync(knob(name));
const log = () => (fs.existsSync(knob('log')) ? fs.readFileSync(knob('log'), 'utf8') : '');
const installed = (name) => fs.readFileSync(path.join(machine, 'packages', name), 'utf8');

function offer(name, version, now = '1') {
  fs.writeFileSync(path.join(machine, 'packages', name), now);
  fs.writeFileSync(path.join(machine, 'available', name), version);
}

const kEvery = 'available,approved,planned,installing,installed,verified,failed,superseded,resolved_elsewhere';
const update = async (name) => (await api.get(`/api/v1/updates/rows?name=${name}&state=${kEvery}`)).items[0];
const command = (id) => api.get(`/api/v1/commands/${id}`);

async function reaches(name, state) {
  let row;
  return until(async () => {
    row = await update(name);
    return row?.state === state ? row : null;
  }, `${name} to be ${state}`, 60_000, () => JSON.stringify(row) + agent.process.output.slice(-2000));
}

async function ended(id, wanted) {
  let one;
  await until(async () => {
    one = await command(id);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(one.state);
  }, `command ${id} to end`, 60_000, () => JSON.stringify(one) + agent.process.output.slice(-2000));
  assert.equal(one.state, wanted, JSON.stringify(one));
  return one;
}

const scanOrder = { type: 'scan', parameters: { plugins: ['test.updater'], purpose: 'updates' } };
const order = async (who = api, body = scanOrder, key = randomUUID()) =>
  (await who.request('POST', '/api/v1/commands', { ...body, agent_ids: [agent.id] }, { allowProblem: true, headers: { 'idempotency-key': key } }));
async function scan(wanted = 'succeeded') {
  const { body: { items: [{ id }] } } = await order();
  return ended(id, wanted);
}
const approve = async (name) => api.post('/api/v1/approvals', { update_ids: [(await update(name)).id] });

async function startAgent() {
  agent.start();
  await agentShows(api, agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 1);
}

before(async () => {
  await fleet.startServer();
  api = await fleet.signIn();
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine, path.join(machine, 'packages'), path.join(machine, 'available')]) fs.mkdirSync(folder);
  for (const ending of ['so', 'json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater.${ending}`), path.join(plugins, `test.updater.${ending}`));
  for (const name of ['nginx', 'openssl', 'curl', 'sudo']) offer(name, '2');
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
  await startAgent();
  await until(async () => (await api.get('/api/v1/updates/rows')).items.length === 4, 'four updates', 30_000, () => agent.process.output);
});

test('the same order given twice, by two people at once, or sent again by a proxy is one command, carried out once', async () => {
  await api.post('/api/v1/users', { username: 'tom', password: 'another horse battery staple', grants: [{ role: 'technician', client_id: null, site_id: null }] });
  const tom = new Api(fleet.url, path.join(fleet.data, 'ca.pem'));
  await tom.signIn('tom', 'another horse battery staple');
  await agent.process.stop();
  const key = randomUUID();
  const answers = await Promise.all([order(api), order(tom), order(api), order(tom), ...Array.from({ length: 4 }, () => order(api, scanOrder, key))]);
  // Of a request that is answered at this very moment the copy is told to ask again.
  for (let i = 4; i < 8; i += 1) if (answers[i].status === 409) answers[i] = await order(api, scanOrder, key);
  answers.push(await order(api, scanOrder, key));
  const ids = new Set(answers.map(({ status, body }) => {
    assert.equal(status, 201, JSON.stringify(body));
    return body.items[0].id;
  }));
  assert.equal(ids.size, 1, 'one order became several commands');
  const [id] = ids;
  const other = await order(api, { type: 'scan', parameters: { plugins: ['test.updater'], purpose: 'inventory' } }, key);
  assert.deepEqual([other.status, other.body.code], [409, 'request.idempotency_key_reused']);
  await startAgent();
  await ended(id, 'succeeded');
  const database = path.join(fleet.data, 'redflag.db');
  assert.equal(runToEnd(['sqlite3', '-readonly', database, `SELECT count(*) FROM scans WHERE command_id = '${id}'`]).stdout.trim(), '1');
  assert.equal((await api.get('/api/v1/commands?type=scan')).total, 1);
});

test('a scan that fails closes nothing, and what was updated by hand is closed by the next complete one', async () => {
  fs.writeFileSync(path.join(machine, 'packages', 'curl'), '2');  // somebody did it at the machine
  set('away');
  await scan();
  assert.equal((await update('curl')).state, 'available', 'a failed scan closed it');
  assert.equal((await update('sudo')).state, 'available');
  unset('away');
  await scan();
  const closed = await reaches('curl', 'resolved_elsewhere');
  assert.equal(closed.reason.code, 'scan.not_listed');
  assert.equal((await update('sudo')).state, 'available');
});

test('a scan during an install changes nothing about it, and an order that waits behind it can be taken back', async () => {
  set('hold');
  await approve('nginx');
  await until(() => log().includes('install begins'), 'the install to begin', 30_000, () => agent.process.output.slice(-3000));
  await reaches('nginx', 'installing');
  fs.rmSync(path.join(machine, 'available', 'nginx'));  // no longer offered, in the middle
  await scan();
  assert.equal((await update('nginx')).state, 'installing');
  offer('nginx', '3');
  await scan();
  const rows = (await api.get(`/api/v1/updates/rows?name=nginx&state=${kEvery}`)).items;
  assert.equal(rows.find((row) => row.candidate_version === '2').state, 'installing', JSON.stringify(rows));
  offer('nginx', '2');

  await approve('openssl');
  const waiting = await until(async () => {
    const row = await update('openssl');
    const install = row.state === 'planned' && (await command(row.command_id));
    return install && install.type === 'install_updates' && install.state === 'accepted' ? install : null;
  }, 'the second install to wait on the machine', 30_000, () => agent.process.output.slice(-3000));
  const asked = await api.post(`/api/v1/commands/${waiting.id}/cancel`);
  assert.deepEqual([asked.state, asked.cancel_asked], ['accepted', true], 'the machine has it, and is asked');
  assert.equal((await ended(waiting.id, 'cancelled')).cancel_asked, false);
  assert.equal((await reaches('openssl', 'available')).reason.code, 'update.cancelled');
  unset('hold');
  await until(async () => (await api.get('/api/v1/updates/rows?name=nginx&state=verified')).total === 1, 'nginx to be verified', 60_000,
    () => agent.process.output.slice(-3000));
  assert.equal(installed('nginx'), '2');
  assert.equal(installed('openssl'), '1', 'what was taken back was installed');
  assert.equal(log(), 'install begins\ninstalled nginx\n');
});

test('why an update counts as verified is told by the API, and on the screen', async () => {
  const { items: [row] } = await api.get('/api/v1/updates/rows?name=nginx&state=verified');
  const told = await api.get(`/api/v1/updates/${row.id}`);
  assert.equal(told.approval.by, 'alex');
  assert.equal(told.approval.version, '2');
  assert.deepEqual(told.versions, { before: '1', approved: '2', after: '2' });
  assert.deepEqual(told.commands.map(({ type, state }) => [type, state]), [['plan_updates', 'succeeded'], ['install_updates', 'succeeded']]);
  assert.match(told.commands[1].plan_hash, /^[0-9a-f]{64}$/);
  assert.ok(told.commands[1].log.some(({ text }) => text === 'Setting up nginx'), JSON.stringify(told.commands[1].log));
  assert.deepEqual([told.proof.purpose, told.proof.complete, told.proof.scope, told.proof.scope_status], ['verify', true, 'files', 'ok']);
  assert.equal(told.proof.command_id, told.commands[1].id);
  assert.equal(told.proof.boot_id, fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const { browser, page, problems, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/updates/rows?state=verified&search=nginx`);
    await signIn(page);
    await page.getByRole('button', { name: 'Why do we say verified?' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(told.commands[1].plan_hash).first().waitFor(); // the plan's and the install's
    await dialog.getByText(told.proof.scan_id).waitFor();
    await dialog.getByText('Setting up nginx').waitFor();
    await picture('evidence');
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
});

test('D7: what went wrong on machines, on the server and in browsers is listed by kind, as it came and inert', async () => {
  fs.rmSync(path.join(machine, 'away'), { force: true });
  set('away');
  await scan();
  unset('away');
  const { items } = await api.get('/api/v1/errors?code=test.away');
  assert.equal(items.length, 1, 'the two failed scans are one kind');
  assert.deepEqual([items[0].source, items[0].agents, items[0].times], ['agent', 1, 2]);
  const { rows: [row] } = await api.get(`/api/v1/errors/${items[0].id}`);
  assert.equal(row.agent_id, agent.id);

  const hostile = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
  await api.post('/api/v1/errors', { errors: [{ id: randomUUID(), name: 'TypeError', message: hostile, page: '/agents', stack: hostile, times: 2 }] });
  const { browser, page, problems, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/errors`);
    await signIn(page);
    await page.getByRole('button', { name: 'onerror' }).click();
    await page.getByLabel('Details').getByText('<script>').waitFor();
    await page.getByRole('button', { name: 'the source does not answer' }).click();
    await page.getByRole('link', { name: (await api.get(`/api/v1/agents/${agent.id}`)).hostname }).first().waitFor();
    assert.equal(await page.title(), 'Errors · RedFlag');
    await picture('errors');
    assert.deepEqual(problems, []);
    // What nobody expected in this page is told by itself.
    await page.evaluate(() => { setTimeout(() => { throw new RangeError('of the screen itself'); }, 0); });
    await until(async () => (await api.get('/api/v1/errors?source=browser&code=RangeError')).total === 1, 'the browser\'s own error', 20_000);
  } finally {
    await browser.close();
  }
});
