// Rows B end to end, with real programs: a man in the middle who holds the server's certificate, and then its command key as
// well, hands orders to a real agent with a real executor. What is refused changes nothing, and is in the agent's history.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, signIn } from '../e2e/lib/browser.mjs';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';
import { commandKey, ed25519, encode, fieldsOf, kSecond, order, planHash, signBody } from './lib/envelope.mjs';
import { FalseKernel } from './lib/false_kernel.mjs';
import { Middleman } from './lib/middleman.mjs';

after(cleanUp);

const kDay = 86_400n * kSecond;
let fleet;
let api;
let agent;
let middleman;
let middlemansPort;
let clientId;
let key;
let carriedOut;  // the envelope of an install that is over
const machine = () => path.join(fleet.folder, 'machine');

function read(file) {
  try {
    return fs.readFileSync(path.join(machine(), file), 'utf8');
  } catch {
    return '';
  }
}
// What the updater did to the machine, ever.
const done = () => read('log');

function offer(name, version, installed = '1') {
  fs.writeFileSync(path.join(machine(), 'packages', name), installed);
  fs.writeFileSync(path.join(machine(), 'available', name), version);
}

const history = async () => (await api.get(`/api/v1/agents/${agent.id}/history?limit=200`)).items;
const refusals = async () => (await history()).filter((entry) => entry.kind === 'command.refused');
const commandState = async (id) => (await api.get(`/api/v1/commands/${id}`)).state;

async function reported(code, by, text = '') {
  let seen;
  return until(async () => {
    seen = await refusals();
    return seen.find((entry) => entry.code === code && entry.text.startsWith(by) && entry.text.includes(text));
  }, `a refusal ${code} by the ${by} in the agent's history`, 30_000, () => JSON.stringify(seen, null, 1) + agent.process.output.slice(-1500));
}

const orderScan = async () => (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} })).items[0].id;
// How many scans in the store this order led to.
const scansOf = (id) => Number(runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'),
  `SELECT count(*) FROM scans WHERE command_id='${id}'`]).stdout);

async function startAgent() {
  const before = middleman.rung;
  agent.start();
  await until(() => middleman.rung > before, 'the doorbell', 30_000, () => agent.process.output.slice(-2000));
}

// Hands the agent these envelopes instead of what the server has for it, at a fetch of now.
async function handOver(envelopes) {
  const at = middleman.fetches;
  middleman.alter = () => envelopes;
  middleman.ring();
  await until(() => middleman.fetches > at, 'the agent to fetch', 15_000);
  middleman.alter = (own) => own;
}

before(async () => {
  fleet = new Fleet('orders');
  await fleet.startServer();
  api = await fleet.signIn();
  key = commandKey(fleet);
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine(), path.join(machine(), 'packages'), path.join(machine(), 'available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  offer('nginx', '2');
  offer('openssl', '3');
  offer('denied-tool', '2');
  const { sha256 } = JSON.parse(fs.readFileSync(path.join(plugins, 'test.updater.json'), 'utf8'));
  agent = fleet.enrol('agent', `version: 1
mode: act
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins:
  test.updater: {settings: {folder: "${machine()}"}, capabilities: ["read:${machine()}"], sha256: ${sha256}}
policy:
  allow:
    - {action: test.updater/install, packages: ["*"], when: always}
  deny:
    - {packages: ["denied-*"], reason: "the owner does these by hand"}
`, { plugins, act: true });
  middleman = new Middleman(fleet);
  middlemansPort = await middleman.listen();
  agent.reroute(fleet.port, middlemansPort);
  await agent.startExecutor();
  await startAgent();
  const shown = await api.get(`/api/v1/agents/${agent.id}`);
  clientId = shown.client.id;
  await until(async () => (await api.get('/api/v1/updates/rows')).items.length === 3, 'three updates', 30_000, () => agent.process.output);
});
after(() => middleman?.close());

test('B1 B2: an altered envelope is refused and reported, and the true one is carried out afterwards', async () => {
  middleman.alter = (own) => own.map((envelope) => {
    const body = Buffer.from(envelope.body, 'base64');
    body[body.length >> 1] ^= 0x10;
    return { ...envelope, body: body.toString('base64') };
  });
  const id = await orderScan();
  await reported('bad_signature', 'kernel');
  assert.equal(await commandState(id), 'delivered');
  await handOver([order(agent.id, clientId, ed25519())]);
  await reported('unknown_key', 'kernel');
  await handOver([{ ...order(agent.id, clientId, key), version: 2 }]);
  await reported('unknown_version', 'kernel');
  await handOver([{ ...order(agent.id, clientId, key), trusted: true }]);
  await reported('malformed', 'kernel');
  assert.equal((await refusals()).filter((entry) => entry.command_id).length, 0, 'nothing of these may be believed, not even an id');
  middleman.ring();
  await until(async () => (await commandState(id)) === 'succeeded', 'the true order to be carried out', 30_000, () => agent.process.output);
  assert.equal(scansOf(id), 1);
});

test('B4: an order for another agent of the same server is refused', async () => {
  const other = fleet.enrol('other', 'version: 1\nmode: report\nisolation: best\n');
  await handOver([order(other.id, clientId, key, { command_id: 'for-another' })]);
  await reported('wrong_agent', 'kernel');
  await handOver([order(agent.id, 'another-client', key)]);
  await reported('wrong_client', 'kernel');
});

test('B5 B7: a replay is carried out once, over a restart of the agent, and never with another body', async () => {
  let kept;
  middleman.alter = (own) => {
    kept = own[0] ?? kept;
    return own;
  };
  const id = await orderScan();
  await until(async () => (await commandState(id)) === 'succeeded', 'the order to be carried out', 30_000);
  await handOver([kept]);
  await handOver([kept, kept, kept]);
  await agent.process.stop('SIGKILL');
  await startAgent();
  await handOver([kept]);
  await handOver([signBody(encode({ ...fieldsOf(kept), actions: [{ plugin: 'kernel', action: 'scan', parameters: '{"purpose":"inventory"}' }] }), key)]);
  const refused = await reported('id_reused', 'kernel');
  assert.equal(refused.command_id, id);
  assert.equal(scansOf(id), 1, 'a replay made the agent scan');
  assert.equal(await commandState(id), 'succeeded', 'a forged copy changes nothing about the true one');
});

test('B8 B10 B11: what the server itself may not order is refused, although its own key signed it', async () => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const install = (name, changes = {}, operation = 'upgrade') => {
    const step = { operation, name, arch: 'all', from: '1', to: '2' };
    return order(agent.id, clientId, key, {
      command_type: 'install_updates', plan_hash: planHash([step]),
      actions: [{ plugin: 'test.updater', action: changes.verb ?? 'install', parameters: changes.parameters
        ?? JSON.stringify({ updates: [{ key: name, name, arch: 'all', version: '2' }], plan: { steps: [step] } }) }],
      ...changes,
    });
  };
  const cases = [
    ['clock', install('nginx', { issued_at: now - 301n * kSecond })],
    ['clock', install('nginx', { issued_at: now + kDay, expires_at: now + 2n * kDay })],
    ['clock', install('nginx', { issued_at: 0n, not_before: 0n })],
    ['expired', install('nginx', { not_before: now - 2n * kSecond, expires_at: now - kSecond })],
    ['not_yet_valid', install('nginx', { not_before: now + 60n * kSecond })],
    ['unknown_action', install('nginx', { verb: 'remove' })],
    ['unknown_action', install('nginx', { actions: [{ plugin: 'kernel', action: 'exec', parameters: '{}' }] })],
    ['malformed', install('nginx', { parameters: '{"updates":[],"updates":[]}' })],
    ['malformed', install('nginx', { parameters: '{"updates":[NaN]}' })],
    ['policy', install('denied-tool')],
    ['policy', install('nginx', {}, 'remove')],
    ['policy', install('nginx', {}, 'downgrade')],
  ];
  await handOver(cases.map(([, envelope]) => envelope));
  for (const [code, envelope] of cases.filter(([code]) => code !== 'malformed')) {
    const { command_id: id } = fieldsOf(envelope);
    await until(() => agent.process.output.includes(`order ${id} refused by the kernel: ${code}`), `${id}: ${code}`, 15_000,
      () => agent.process.output.slice(-3000));
    await reported(code, 'kernel');
  }
  await reported('policy', 'kernel', 'by hand');
  assert.ok(agent.status().link.refused_orders >= cases.length);
  assert.equal(done(), '', 'something was installed');
});

test('B1 B2 B4 B8 B10: the executor refuses by itself what a false kernel hands it', async () => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const step = { operation: 'upgrade', name: 'nginx', arch: 'all', from: '1', to: '2' };
  const make = (changes = {}, signer = key) => order(changes.agent_id ?? agent.id, clientId, signer, {
    command_type: 'install_updates', plan_hash: planHash([step]),
    actions: [{ plugin: 'test.updater', action: 'install', parameters: '{"updates":[{"key":"nginx","name":"nginx","arch":"all","version":"2"}]}' }],
    ...changes,
  });
  const flipped = make();
  flipped.body = `${flipped.body.slice(0, 40)}${flipped.body[40] === 'A' ? 'B' : 'A'}${flipped.body.slice(41)}`;
  const kernel = new FalseKernel(agent);
  const cases = [
    ['bad_signature', flipped],
    ['bad_signature', { ...make(), signature: Buffer.alloc(64).toString('base64') }],
    ['unknown_key', make({}, ed25519())],
    ['wrong_agent', make({ agent_id: 'another' })],
    ['wrong_client', make({ client_id: 'another' })],
    ['clock', make({ issued_at: now - 301n * kSecond })],
    ['expired', make({ not_before: now - 2n * kSecond, expires_at: now - kSecond })],
    ['not_yet_valid', make({ not_before: now + 60n * kSecond })],
    ['unknown_action', make({ plan_hash: Buffer.alloc(0), actions: [{ plugin: 'test.updater', action: 'verify', parameters: '{}' }] })],
    ['malformed', make({ actions: [{ plugin: 'test.updater', action: 'remove', parameters: '{}' }] })],
    ['malformed', make({ plan_hash: Buffer.alloc(0) })],
    ['unknown_version', { ...make(), version: 2 }],
  ];
  for (const [code, envelope] of cases) {
    const answer = await kernel.submit(envelope);
    assert.equal(answer.event, 'refused', JSON.stringify(answer));
    assert.equal(answer.code, code);
  }
  assert.equal((await kernel.send('{"op":"status"}')).refused, cases.length);
  for (const text of ['{"op":"submit","op":"submit","envelope":{}}', '{"op":"submit","envelope":NaN}', '{"op":"submit","envelope":1e400}', '\xff']) {
    assert.equal(await new FalseKernel(agent).send(text), 'cut off', text);
  }
  // A plan that local policy denies is only known once it is made: it is accepted, and then refused.
  const denied = { operation: 'upgrade', name: 'denied-tool', arch: 'all', from: '1', to: '2' };
  const submitted = make({ command_id: 'denied-by-policy', plan_hash: planHash([denied]),
    actions: [{ plugin: 'test.updater', action: 'install', parameters: '{"updates":[{"key":"d","name":"denied-tool","arch":"all","version":"2"}]}' }] });
  assert.equal((await kernel.submit(submitted)).event, 'accepted');
  const result = await until(async () => {
    const answer = await kernel.submit(submitted);
    return answer.event === 'result' ? answer : null;
  }, 'the result', 20_000);
  assert.equal(result.state, 'refused');
  assert.equal(result.code, 'policy');
  assert.match(result.text, /by hand/);
  assert.equal(done(), '', 'something was installed');
  kernel.socket.destroy();
});

test('B4: what the executor refuses of an honest kernel is reported and shown', async () => {
  const trust = path.join(agent.executorState, 'trust.json');
  const own = fs.readFileSync(trust, 'utf8');
  fs.writeFileSync(trust, own.replaceAll(agent.id, 'somebody-else'), { mode: 0o600 });
  const update = (await api.get('/api/v1/updates/rows?name=openssl')).items[0];
  await api.post('/api/v1/approvals', { update_ids: [update.id] });
  await reported('wrong_agent', 'executor');
  const failed = await until(async () => {
    const row = (await api.get('/api/v1/updates/rows?name=openssl&state=failed')).items[0];
    return row ?? null;
  }, 'the update to show its refusal', 30_000);
  assert.match(JSON.stringify(failed.reason), /another agent/);
  fs.writeFileSync(trust, own, { mode: 0o600 });
  assert.equal(done(), '');
});

test('B5: killed between an install and its acknowledgement, agent and executor install once and tell one result', async () => {
  fs.writeFileSync(path.join(machine(), 'hold'), '');
  let kept;
  middleman.alter = (own) => {
    kept = own.find((envelope) => fieldsOf(envelope).plan_hash.length > 0) ?? kept;
    return own;
  };
  const update = (await api.get('/api/v1/updates/rows?name=nginx')).items[0];
  await api.post('/api/v1/approvals', { update_ids: [update.id] });
  await until(() => done() === 'install begins\n', 'the install to begin', 30_000, () => agent.process.output.slice(-3000));
  const { command_id: id } = fieldsOf(kept);
  await until(async () => (await commandState(id)) === 'running', 'the server to know it runs', 20_000);
  await agent.process.stop('SIGKILL');
  fs.rmSync(path.join(machine(), 'hold'));
  await until(() => read('packages/nginx') === '2', 'the install to end', 20_000);
  await agent.executor.says(new RegExp(`${id}: succeeded`));  // it is written down, and nobody has acknowledged
  await agent.executor.stop('SIGKILL');
  await agent.startExecutor();
  const replay = await new FalseKernel(agent).submit(kept);
  assert.equal(replay.event, 'result', JSON.stringify(replay));
  const forged = signBody(encode({ ...fieldsOf(kept), actions: [{ plugin: 'test.updater', action: 'install', parameters: '{"updates":[]}' }] }), key);
  assert.equal((await new FalseKernel(agent).submit(forged)).code, 'id_reused');
  await startAgent();
  await until(async () => (await commandState(id)) === 'succeeded', 'the result on the server', 30_000, () => agent.process.output.slice(-3000));
  await handOver([kept, kept]);
  await until(async () => (await api.get('/api/v1/updates/rows?name=nginx&state=verified')).items.length === 1, 'the proof', 30_000,
    () => agent.process.output.slice(-3000));
  await agent.process.stop();
  await startAgent();
  await handOver([kept]);
  assert.equal(done(), 'install begins\ninstalled nginx\n');
  const results = (await history()).filter((entry) => entry.command_id === id && entry.kind === 'command.succeeded');
  assert.equal(results.length, 1, 'one result');
  carriedOut = kept;
});

// The server knows of these updates; a scan that was ordered tells it.
async function offered(...names) {
  for (const name of names) offer(name, '2');
  const id = await orderScan();
  middleman.ring();
  await until(async () => (await commandState(id)) === 'succeeded', 'the scan', 30_000, () => agent.process.output.slice(-2000));
  for (const name of names) await until(async () => (await rowsOf(name)).length === 1, `the update of ${name}`, 20_000);
}
const rowsOf = async (name) => (await api.get(`/api/v1/updates/rows?name=${name}&agent_id=${agent.id}`)).items;

// Approves the update; its install does not reach the agent before `meanwhile` is over. Answers the install's id.
async function approved(name, meanwhile = async () => {}) {
  let install;
  middleman.alter = (own) => own.filter((envelope) => {
    if (fieldsOf(envelope).plan_hash.length === 0) return true;
    install = envelope;
    return false;
  });
  await api.post('/api/v1/approvals', { update_ids: [(await rowsOf(name))[0].id] });
  await until(() => install, `the install of ${name} to be handed out`, 40_000, () => agent.process.output.slice(-2000));
  const id = fieldsOf(install).command_id;
  await meanwhile(id);
  middleman.alter = (own) => own;
  middleman.ring();
  return id;
}

async function isRefused(id, code) {
  await until(async () => (await commandState(id)) === 'refused', `${id} to be refused`, 30_000,
    () => agent.process.output.slice(-2000) + agent.executor.output.slice(-2000));
  assert.equal((await api.get(`/api/v1/commands/${id}`)).reason.code, code);
  const log = async () => (await api.get(`/api/v1/audit?agent_id=${agent.id}&limit=200`)).items;
  await until(async () => (await log()).some((entry) => entry.command_id === id && entry.code === code), `${code} in the audit log`, 15_000,
    () => agent.executor.output.slice(-1500));
}

test('B9: a plan that was edited after its approval is refused, in the database as on the machine', async () => {
  await offered('curl', 'wget');
  const before = done();
  const edited = await approved('curl', async (id) => {
    runToEnd(['sqlite3', path.join(fleet.data, 'redflag.db'), '.timeout 10000', `UPDATE commands SET actions = replace(actions, 'curl', 'wget') WHERE command_id = '${id}'`]);
  });
  await isRefused(edited, 'plan_changed');
  const drifted = await approved('wget', async () => fs.writeFileSync(path.join(machine(), 'drift'), ''));
  await isRefused(drifted, 'plan_changed');
  fs.rmSync(path.join(machine(), 'drift'));
  assert.equal(done(), before, 'something was installed');
  assert.deepEqual([read('packages/curl'), read('packages/wget')], ['1', '1']);
});

// The library under `faketime`: the program's wall clock is off, its monotonic one is not.
const kFakeTime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

for (const [offset, accepted] of [['-4m', true], ['+4m', true], ['+6m', false], ['-23h', false], ['+25h', false]]) {
  test(`B8: an agent whose clock is off by ${offset} goes on reporting and ${accepted ? 'carries out orders' : 'refuses orders, and says why'}`, async () => {
    const before = (await refusals()).length;
    await agent.process.stop();
    agent.env = { PATH: process.env.PATH, LD_PRELOAD: kFakeTime, FAKETIME: offset, DONT_FAKE_MONOTONIC: '1' };
    await startAgent();
    const id = await orderScan();
    if (accepted) {
      await until(async () => (await commandState(id)) === 'succeeded', 'the order to be carried out', 30_000, () => agent.process.output.slice(-2000));
    } else {
      await until(async () => (await commandState(id)) === 'refused', 'the order to be refused', 30_000, () => agent.process.output.slice(-2000));
      const { reason } = await api.get(`/api/v1/commands/${id}`);
      assert.equal(reason.code, 'clock');
      assert.match(reason.text, /by this machine's clock/);
      assert.equal((await refusals()).length, before + 1);
    }
    assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).connection, 'connected');
    assert.equal(agent.status().link.clock_offset_s !== 0, true);
    agent.env = { PATH: process.env.PATH };
  });
}

test('the agent says on its history screen what was refused, by whom and why', async () => {
  const codes = ['bad_signature', 'unknown_key', 'wrong_agent', 'id_reused', 'clock', 'expired', 'unknown_action', 'policy'];
  const { browser, page, problems, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/agents/${agent.id}?tab=history`);
    await signIn(page);
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByText('kernel refused an order').first().waitFor();
    const text = await page.locator('main').innerText();
    for (const code of codes) assert.ok(text.includes(code), `${code} is not on the screen`);
    assert.match(text, /executor refused an order/);
    assert.match(text, /by hand/);
    await picture('refusals');
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
  const overview = await api.get('/api/v1/overview');
  assert.ok(overview.refusals_24h >= codes.length);
});

const removeDatabase = (file) => ['', '-wal', '-shm'].forEach((end) => fs.rmSync(file + end, { force: true }));

test('B6: whoever lost the record of what it carried out refuses everything until the machine is enrolled again', async () => {
  await agent.process.stop();
  await startAgent();  // with the machine's own clock again
  await offered('jq');
  const before = done();
  await agent.executor.stop();
  removeDatabase(path.join(agent.executorState, 'journal.sqlite'));
  await agent.startExecutor();
  const kernel = new FalseKernel(agent);
  const replay = await kernel.submit(carriedOut);
  assert.deepEqual([replay.event, replay.code], ['refused', 'replayed']);
  assert.match(replay.text, /enrol the machine again/);
  kernel.socket.destroy();
  await isRefused(await approved('jq'), 'replayed');
  assert.equal(done(), before, 'something was installed');
  assert.ok(!fs.existsSync(path.join(agent.executorState, 'journal.sqlite')), 'no empty one takes the place of the lost one');

  await agent.process.stop();
  removeDatabase(path.join(agent.folder, 'state/orders.db'));
  await startAgent();
  const told = (await refusals()).length;
  await handOver([carriedOut]);
  await until(async () => (await refusals()).length > told, 'the refusal of the kernel', 30_000, () => agent.process.output.slice(-2000));
  const [{ code, text }] = (await refusals()).toSorted((a, b) => b.at.localeCompare(a.at));
  assert.equal(code, 'replayed');
  assert.match(text, /^kernel.*must be enrolled again/s);
  assert.equal(done(), before);

  await agent.process.stop();
  await agent.executor.stop();
  const bundle = runToEnd([program('redflag-server'), 'token', 'create', '--data', fleet.data]).stdout;
  agent.id = JSON.parse(runToEnd(agent.command('enroll', '--bundle-stdin', '--replace', '--format', 'json', '--executor-state', agent.executorState), { input: bundle }).stdout).agent_id;
  agent.reroute(fleet.port, middlemansPort);
  await agent.startExecutor();
  await startAgent();
  await handOver([carriedOut]);
  await reported('wrong_agent', 'kernel');
  await offered('jq');
  const id = await approved('jq');
  await until(async () => (await commandState(id)) === 'succeeded', 'what is ordered of the agent it is now', 40_000, () => agent.executor.output.slice(-2000));
  assert.equal(done(), `${before}install begins\ninstalled jq\n`);
});
