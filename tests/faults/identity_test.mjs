// Rows A1, A2, A4, A5, A6, A7, A8, A10, A11, A12 and G11 against real programs: who is an agent, and who only looks like one. Each
// asserts the answer, what did not change, and what people can read of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, Fleet, agentShows } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';
import { ed25519 } from './lib/envelope.mjs';
import { ask, LoneAgent } from './lib/raw_tls.mjs';
import { newId } from './lib/two_clients.mjs';

after(cleanUp);

let fleet;
let api;
let startedS;  // what is signed before is not taken
let exhausted;  // so many are to be in the security log at last

const yaml = 'version: 1\nmode: report\nisolation: best\nschedule: {every: 1h, jitter: 0s}\nplugins: {system: {}}\n';
const history = async (id) => (await api.get(`/api/v1/agents/${id}/history?limit=200`)).items;
const recorded = async (id, code) => (await history(id)).filter((entry) => entry.subsystem === 'security' && entry.code === code);
const identity = async (id) => (await api.get(`/api/v1/agents/${id}`)).identity;
const stateIs = (id, state) => agentShows(api, id, `the identity ${state}`, (agent) => agent.identity.state === state, 40_000);
const decide = (id, verb, body) => api.request('POST', `/api/v1/agents/${id}/${verb}`, body, { allowProblem: true });
const orderScan = async (id) => (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [id], parameters: {} })).items[0].id;
const commandState = async (id) => (await api.get(`/api/v1/commands/${id}`)).state;
// Everything in the store, but for when an agent was last heard of and what is told of refusals.
const store = () => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), '.dump']).stdout.split('\n')
  .filter((line) => !/^INSERT INTO (agents|audit|audit_chain|errors|history|outbox|sessions|sqlite_sequence) /.test(line)).join('\n');
const sql = (query) => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), query]).stdout.trim();
const audited = (code) => Number(sql(`SELECT COALESCE(SUM(times), 0) FROM audit WHERE code = '${code}'`));

// What is refused meanwhile leaves the store as it is, and is in the security log under this code.
async function refusing(code, work) {
  const before = store();
  const told = audited(code);
  const answer = await work();
  assert.equal(store(), before, `${code}: what was refused changed the store`);
  // One more of a kind is written with the count of a minute.
  await until(() => audited(code) > told, `${code} in the audit log`, 75_000);
  return answer;
}

const fetched = (agent) => agent.post('/agent/v1/commands/fetch', '{}');

async function lone() {
  const agent = new LoneAgent(fleet);
  await agent.enrol();
  agent.take(await agent.renew());
  return agent;
}

const status = (hostname) => ({ kind: 'agent_status', id: newId(), at: new Date().toISOString(), hostname, agent_version: '0.1.0', mode: 'report',
  isolation: 'weak', boot_id: 'boot', os_name: 'Debian', os_version: '12', kernel: '6.1', config: { state: 'ok', text: '' }, plugins: [] });

// As an agent does whose token the server takes no more.
async function fetchRenewed(agent) {
  const answer = await fetched(agent);
  if (answer.status !== 401 || !answer.json.code.startsWith('token.')) return answer;
  agent.take(await agent.renew());
  return fetched(agent);
}

function startIn(folder, name) {
  const agent = new Agent(name, folder, path.join(build, 'plugins'), false);
  agent.start();
  return agent;
}

// The whole folder, as a copy of a disk or a backup has it.
function copyOf(agent, name) {
  const folder = path.join(fleet.folder, name);
  fs.cpSync(agent.folder, folder, { recursive: true, filter: (file) => !file.endsWith('.sock') && !file.endsWith('.lock') });
  return folder;
}

before(async () => {
  fleet = new Fleet('identity');
  fleet.settings = 'rate_limits: {enrolment_failed: 1000}\n';  // fifty at once are to get as far as the seat
  await fleet.startServer();
  startedS = Math.ceil(Date.now() / 1000);
  api = await fleet.signIn();
});

test('A1: a second key is not let in by a token with one seat, and the first is answered as before', async () => {
  const bundle = runToEnd([program('redflag-server'), 'token', 'create', '--data', fleet.data]).stdout.trim();
  const first = new LoneAgent(fleet);
  const enrolled = await first.enrol(bundle);
  const second = new LoneAgent(fleet);
  const refused = await refusing('enrolment.seats_exhausted', () => second.askToEnrol(bundle));
  assert.equal(refused.status, 401);
  assert.equal(refused.json.code, 'enrolment.seats_exhausted');
  const again = await new LoneAgent(fleet).copyKey(first).askToEnrol(bundle);
  assert.equal(again.status, 200);
  assert.equal(again.json.agent_id, first.id);
  assert.equal(again.json.refresh_token, enrolled.json.refresh_token);
});

test('A2: of fifty that enrol at once with a token for one machine exactly one gets in, and nobody else waits', async () => {
  const { bundle, id } = await api.post('/api/v1/enrolment-tokens', { seats: 1, expires_in_s: 3600, accept: 'auto' });
  const agents = () => Number(sql('SELECT COUNT(*) FROM agents'));
  const [had, told] = [agents(), audited('enrolment.seats_exhausted')];
  // The answers of fifty at once, and how long somebody else waited meanwhile.
  const crowd = async (asks) => {
    let over = false;
    let slowest = 0;
    const bystander = (async () => {
      while (!over) {
        const began = performance.now();
        await api.get('/api/v1/agents?limit=1');
        slowest = Math.max(slowest, performance.now() - began);
      }
    })();
    const answers = await Promise.all(Array.from({ length: 50 }, asks));
    over = true;
    await bystander;
    return { answers, slowest };
  };
  // What fifty connections cost this machine, whatever they are for.
  const usual = (await crowd(() => ask(fleet.port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n']))).slowest;
  const { answers, slowest } = await crowd(() => new LoneAgent(fleet).askToEnrol(bundle));
  const refused = answers.filter(({ status }) => status !== 201);
  assert.equal(refused.length, 49);
  for (const { status, json } of refused) assert.deepEqual([status, json.code], [401, 'enrolment.seats_exhausted']);
  assert.equal(new Set(refused.map(({ json: { request_id: each, ...rest } }) => JSON.stringify(rest))).size, 1, 'of one shape');
  assert.equal(agents(), had + 1);
  assert.equal(sql(`SELECT COUNT(*) FROM enrolment_seats WHERE token_id = '${id}'`), '1');
  const { seats, seats_used: used } = (await api.get('/api/v1/enrolment-tokens')).items.find((token) => token.id === id);
  assert.deepEqual([seats, used], [1, 1]);
  exhausted = told + 49;
  assert.ok(slowest < 1000 + 3 * usual, `somebody else waited ${slowest.toFixed(0)} ms, and ${usual.toFixed(0)} when fifty asked for a page`);
});

test('A4: an access token that was stolen is worth nothing without the key', async () => {
  const agent = await lone();
  const thief = ed25519();
  await refusing('signature.invalid', async () => {
    for (const forge of [{ key: thief }, { key: thief, keyid: Buffer.from(thief.publicKey).toString('base64url') }]) {
      const answer = await agent.post('/agent/v1/commands/fetch', '{}', { forge });
      assert.equal(answer.status, 401);
      assert.equal(answer.json.code, 'signature.invalid');
    }
    const bare = await agent.post('/agent/v1/upload', '{"items":[]}', { headers: { signature: null, 'signature-input': null } });
    assert.equal(bare.status, 401);
    const stolen = await agent.post('/agent/v1/token', JSON.stringify({ refresh_token: agent.refreshToken, document: agent.document({ key: thief }) }), { forge: { key: thief } });
    assert.equal(stolen.status, 401);
  });
  assert.equal((await fetched(agent)).status, 200);
  assert.equal((await recorded(agent.id, 'signature.invalid')).length, 1);
});

test('A6: of a copied folder both are found out and neither gets orders; one is accepted, the other enrols again', async () => {
  const original = fleet.enrol('original', yaml);
  original.start();
  await agentShows(api, original.id, 'the first scan', (agent) => agent.last_scan !== null);
  const copy = startIn(copyOf(original, 'copy'), 'copy');
  await stateIs(original.id, 'cloned');
  const { documents } = await api.get(`/api/v1/agents/${original.id}`);
  assert.equal(documents.length, 2);
  assert.ok((await recorded(original.id, 'agent.cloned')).length > 0);
  const id = await orderScan(original.id);
  for (const agent of [original, copy]) {
    await until(() => agent.status()?.link?.held?.state === 'cloned', `${agent.name} to say that it is cloned`, 40_000, () => JSON.stringify(agent.status()?.link));
  }
  assert.equal(await commandState(id), 'queued', 'no orders');
  const before = (await api.get(`/api/v1/agents/${original.id}/scans?limit=1`)).total;
  assert.ok(before > 0);
  await copy.process.stop();
  // Which document is whose shows when only one of them goes on.
  original.process.child.kill('SIGKILL');
  await original.process.ended;
  original.start();
  await until(() => original.status()?.link?.state === 'connected', 'the original', 30_000);
  const mine = (await api.get(`/api/v1/agents/${original.id}`)).documents.toSorted((a, b) => a.seen_at.localeCompare(b.seen_at)).at(-1);
  assert.equal((await decide(original.id, 'accept', { reason: 'it is this one' })).status, 400, 'one has to be named');
  assert.equal((await decide(original.id, 'accept', { reason: 'it is this one', document: mine.id })).status, 204);
  await until(async () => (await commandState(id)) === 'succeeded', 'the order', 40_000, () => original.process.output.slice(-1500));
  assert.equal((await identity(original.id)).state, 'active');
  copy.start();
  await stateIs(original.id, 'cloned');
  assert.equal((await recorded(original.id, 'agent.copy_returned')).length, 1, 'it is found again');
  const later = await orderScan(original.id);
  await until(() => copy.status()?.link?.held?.state === 'cloned', 'the copy to say so', 40_000, () => JSON.stringify(copy.status()?.link));
  assert.equal(await commandState(later), 'queued', 'no orders');
  await copy.process.stop();
  await original.process.stop();
});

test('A7: a machine that was set back to an old snapshot waits until a person accepts it; restarts and crashes do not', async () => {
  const agent = fleet.enrol('snapshot', yaml);
  const connected = () => until(() => agent.status()?.link?.state === 'connected', 'the agent', 30_000, () => agent.process.output.slice(-1500));
  agent.start();
  await connected();
  await agent.process.stop();
  const snapshot = copyOf(agent, 'snapshot-taken');
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL']) {
    agent.start();
    await connected();
    agent.process.child.kill(signal);
    await agent.process.ended;
  }
  assert.equal((await identity(agent.id)).state, 'active', 'restarts are no alarm');
  fs.rmSync(path.join(agent.folder, 'state'), { recursive: true });
  fs.cpSync(path.join(snapshot, 'state'), path.join(agent.folder, 'state'), { recursive: true });
  agent.start();
  await stateIs(agent.id, 'restored');
  assert.equal((await recorded(agent.id, 'agent.state_behind')).length, 1);
  const id = await orderScan(agent.id);
  await until(() => agent.status()?.link?.held?.state === 'restored', 'the agent to say so', 30_000);
  assert.match((await identity(agent.id)).reason, /restored from a backup/);
  assert.equal(await commandState(id), 'queued');
  assert.equal((await identity(agent.id)).state, 'restored', 'one holder alone is not a clone');
  const bulk = await api.post('/api/v1/agents/accept', { agent_ids: [agent.id], reason: 'snapshot of last night' });
  assert.deepEqual(bulk.skipped, []);
  await until(async () => (await commandState(id)) === 'succeeded', 'the order', 40_000, () => agent.process.output.slice(-1500));
  await agent.process.stop();
});

test("A8: an agent's signature in another agent's name, with another's token, or over another's document", async () => {
  const [one, other] = [await lone(), await lone()];
  const asOther = await refusing('signature.invalid', () => one.post('/agent/v1/commands/fetch', '{}', { forge: { keyid: other.id } }));
  assert.equal(asOther.status, 401);
  const withToken = await refusing('token.invalid', () => one.post('/agent/v1/commands/fetch', '{}', { forge: { token: other.token } }));
  assert.equal(withToken.status, 401);
  assert.equal(withToken.json.code, 'token.invalid');
  const document = await refusing('token.wrong_agent', () => one.renew({ document: one.document({ agentId: other.id }) }));
  assert.equal(document.status, 403);
  assert.equal(document.json.code, 'token.wrong_agent');
  assert.equal((await recorded(other.id, 'signature.invalid')).length, 1);
  assert.equal((await recorded(one.id, 'token.invalid')).length, 1);
  assert.equal((await recorded(one.id, 'token.wrong_agent')).length, 1);
  for (const agent of [one, other]) assert.equal((await fetched(agent)).status, 200);
});

test('A10: hostname, serial number and address of a machine are no credentials', async () => {
  const agent = await lone();
  const seen = (await api.get(`/api/v1/agents/${agent.id}`)).last_seen_at;
  await refusing('signature.invalid', async () => {
    for (const name of ['lone', '52:54:00:12:34:56', agent.id]) {
      const headers = { signature: null, 'signature-input': null, 'content-digest': null, authorization: `Bearer ${name}`, 'x-agent-id': name };
      assert.equal((await agent.post('/agent/v1/commands/fetch', '{}', { headers })).status, 401);
      assert.equal((await new LoneAgent(fleet).post('/agent/v1/commands/fetch', '{}', { forge: { keyid: name.replaceAll(':', '-'), token: name } })).status, 401);
    }
  });
  assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).last_seen_at, seen);
  assert.ok((await recorded(agent.id, 'signature.invalid')).length > 0);
});

test('A11: a revoked agent is out at once, and its doorbell closes within five seconds', async () => {
  const agent = fleet.enrol('revoked', yaml);
  agent.start();
  await until(() => agent.status()?.link?.doorbell === 'open', 'the doorbell', 30_000);
  const asked = performance.now();
  assert.notEqual(agent.status(), null);
  const oneLookMs = performance.now() - asked;
  const began = performance.now();
  assert.equal((await decide(agent.id, 'revoke', { reason: 'sold' })).status, 204);
  await until(() => agent.status()?.link?.doorbell === 'closed', 'the doorbell to close');
  const closedMs = performance.now() - began;
  assert.ok(closedMs < 5_000 + 5 * oneLookMs, `${closedMs} ms, of which a look at it takes ${oneLookMs}`);
  await until(() => agent.status()?.link?.state === 'revoked', 'the agent to say so', 30_000, () => JSON.stringify(agent.status()?.link));
  assert.equal((await api.get('/api/v1/agents')).items.filter((each) => each.id === agent.id).length, 0);
  assert.equal((await api.get('/api/v1/agents?identity=revoked')).items.filter((each) => each.id === agent.id).length, 1, 'what is known of it stays');
  assert.ok((await history(agent.id)).some((entry) => entry.kind === 'agent.revoked' && entry.subsystem === 'security' && /sold/.test(entry.text)));
  assert.equal((await decide(agent.id, 'revoke', { reason: 'again' })).status, 409);
  await agent.process.stop();
});

test('A12: whoever enrols with a token for many machines waits for a person, without orders', async () => {
  const made = (await api.post('/api/v1/enrolment-tokens', { seats: 5, expires_in_s: 3600 }));
  assert.equal(made.accept, 'manual');
  const stranger = new LoneAgent(fleet);
  await stranger.enrol(made.bundle);
  stranger.take(await stranger.renew());
  assert.equal((await identity(stranger.id)).state, 'pending');
  await orderScan(stranger.id);
  const held = await fetched(stranger);
  assert.deepEqual(held.json.commands, []);
  assert.equal(held.json.held.state, 'pending');
  const seen = async () => (await api.get(`/api/v1/agents/${stranger.id}`)).hostname;
  const called = await seen();
  const told = JSON.stringify({ items: [status('poisoned')] });
  const before = store();
  const kept = await stranger.post('/agent/v1/upload', told);
  assert.equal(store(), before, 'what is not taken changes nothing');
  assert.equal(kept.status, 503);
  assert.equal(kept.json.code, 'agent.held');
  assert.ok(Number(kept.headers['retry-after']) > 0);
  assert.equal(await seen(), called, 'what a stranger tells is not shown');
  const { agents, needs } = await api.get('/api/v1/overview');
  assert.equal(agents.pending, 1);
  assert.equal(needs.find((need) => need.kind === 'agents_in_doubt').count, (await api.get('/api/v1/agents?identity=needs_a_look')).total);
  assert.equal((await decide(stranger.id, 'accept', { reason: '' })).status, 400, 'a reason is needed');
  assert.equal((await decide(stranger.id, 'accept', { reason: 'ours' })).status, 204);
  assert.equal((await fetched(stranger)).json.commands.length, 1);
  assert.equal((await stranger.post('/agent/v1/upload', told)).status, 200, 'what it kept is taken now');
  assert.equal(await seen(), 'poisoned');
  const { items } = await api.get('/api/v1/security');
  for (const row of items.filter(({ area }) => area === 'agents')) {
    assert.equal((await api.get(`/api/v1${row.link}`)).total, row.count, `${row.id} leads to what it counts`);
  }
  const other = new LoneAgent(fleet);
  await other.enrol(made.bundle);
  assert.equal((await decide(other.id, 'revoke', { reason: 'not ours' })).status, 204);
  assert.equal((await other.renew()).status, 401);
});

test('G11: another host cannot keep up the appearance of a silent agent', async () => {
  const agent = await lone();
  await fetched(agent);
  const seen = (await api.get(`/api/v1/agents/${agent.id}`)).last_seen_at;
  const other = new LoneAgent(fleet);
  for (const forge of [{ keyid: agent.id }, { keyid: agent.id, token: agent.token }]) {
    assert.equal((await other.post('/agent/v1/commands/fetch', '{}', { forge })).status, 401);
    assert.equal((await ask(fleet.port, other.request('GET', '/agent/v1/doorbell', '', { forge }))).status, 401);
  }
  assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).last_seen_at, seen);
  assert.equal((await fetchRenewed(agent)).status, 200);
});

// Last, for by now the server has run for longer than a request may be under way.
test('A5: a captured request is refused when it is sent again: at once and after a restart of the server', async () => {
  const agent = await lone();
  const created = Math.max(startedS + 2, Math.floor(Date.now() / 1000) - 20);
  const captured = agent.request('POST', '/agent/v1/commands/fetch', '{}', { forge: { created } });
  assert.equal((await ask(fleet.port, captured)).status, 200);
  const again = await refusing('signature.replayed', () => ask(fleet.port, captured));
  assert.equal(again.status, 401);
  assert.equal(again.json.code, 'signature.replayed');
  assert.equal((await recorded(agent.id, 'signature.replayed')).length, 1);
  await fleet.server.stop();
  await fleet.startServer();
  api = await fleet.signIn();
  await until(() => Date.now() / 1000 > created + 17, 'what was captured to be older than anything under way', 20_000);
  const alarms = async () => (await api.get('/api/v1/audit?kind=security&limit=200')).items.filter((entry) => entry.code.startsWith('signature.')).length;
  const before = await alarms();
  assert.equal((await fetchRenewed(agent)).status, 200, 'a new signature is as good as ever');
  assert.equal(await alarms(), before, 'and a start is no alarm');
  const later = await refusing('signature.replayed', () => ask(fleet.port, captured));
  assert.equal(later.status, 401);
  assert.equal(later.json.code, 'signature.replayed');
});

test('A2: each of the refusals is in the security log, for they are counted', async () => {
  await fleet.server.stop();  // writes at once what it writes once a minute
  assert.ok(audited('enrolment.seats_exhausted') >= exhausted, `${audited('enrolment.seats_exhausted')} of ${exhausted}`);
});
