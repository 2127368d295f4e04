// Rows A3, D8, D9, D10 and D15 against the real server over TLS, and what a second factor and a proof keep out: each
// refusal has its status, changes nothing, and is written down.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Api } from '../e2e/lib/api.mjs';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, runToEnd, sleep } from '../e2e/lib/processes.mjs';

after(cleanUp);

const contract = JSON.parse(fs.readFileSync(fileURLToPath(new URL('../../server/api/openapi.json', import.meta.url)), 'utf8'));
const password = 'correct horse battery staple';
let fleet;
let admin;

before(async () => {
  fleet = new Fleet('people');
  await fleet.startServer();
});

const sql = (query) => runToEnd(['sqlite3', path.join(fleet.data, 'redflag.db'), `.timeout 10000`, query]).stdout.trim();
const noted = (kind) => Number(sql(`SELECT COUNT(*) FROM history WHERE kind = '${kind}'`));
// Everything in the store but what is written down of attempts, and when sessions were used.
const store = () => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), '.dump']).stdout.split('\n')
  .filter((line) => !/^INSERT INTO "?(errors|history|audit\w*|sessions)\b/.test(line)).join('\n');
const memory = (name) => Number(fs.readFileSync(`/proc/${fleet.server.pid}/status`, 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
const newApi = () => new Api(fleet.url, path.join(fleet.data, 'ca.pem'));

// A request as given, from an address of this machine; no client library's own ideas.
function send(method, target, { body, headers = {}, from = '127.0.0.1' } = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = https.request({
      host: '127.0.0.1', port: fleet.port, path: target, method, localAddress: from, agent: false, rejectUnauthorized: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
    }, (response) => {
      let data = '';
      response.on('data', (chunk) => { data += chunk; });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(data) : data }));
    });
    request.setTimeout(60_000, () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    request.end(text);
  });
}

const signIn = (username, given, options = {}) => send('POST', '/api/v1/session', { body: { username, password: given }, ...options });
const cookieOf = (answer, name) => answer.headers['set-cookie']?.map((line) => line.split(';')[0]).find((line) => line.startsWith(`${name}=`));

test('A3: of many who set up at once with the right link one becomes the first administrator', async () => {
  const tries = await Promise.all(Array.from({ length: 8 }, (_, n) =>
    send('POST', '/api/v1/setup', { body: { token: fleet.setupToken, username: `first${n}`, password } })));
  assert.equal(tries.filter((each) => each.status === 201).length, 1, String(tries.map((each) => each.status)));
  assert.equal(sql('SELECT COUNT(*) FROM users'), '1');
  admin = newApi();
  admin.username = sql('SELECT username FROM users');
  await admin.signIn(admin.username);
});

test('A3: afterwards set-up is not there, in any spelling', async () => {
  const before = store();
  const body = { token: fleet.setupToken, username: 'eve', password };
  for (const target of ['/api/v1/setup', '/api/v1/setup/', '/api/v1/setup/x', '//api/v1/setup', '/api/v1//setup', '/api/v1/set%75p',
    '/api/v1/Setup', '/API/v1/setup', '/api/v1/setup?x=1', '/api/v1/setup;x', '/api/v1/setup%2F', '/api/v1/setup%00', '/api/v1/./setup', '/api/v1/x/../setup']) {
    for (const method of ['GET', 'POST']) {
      const { status } = await send(method, target, method === 'POST' ? { body } : {});
      assert.ok(status === 404 || (status === 400 && /%00|\.\./.test(target)), `${method} ${target}: ${status}`);
    }
  }
  for (const target of ['/setup', '/setup/', '//setup', '/Setup', '/setup/x', '/set%75p', '/setup?x', '/SETUP//x']) {
    assert.equal((await send('GET', target)).status, 404, target);
  }
  assert.equal(store(), before);
  assert.ok(noted('setup.closed') >= 1, 'it is written down');
});

test('D8: every route that changes something refuses what its own pages did not send', async () => {
  const id = sql('SELECT user_id FROM users');
  const before = store();
  const sessions = sql('SELECT COUNT(*) FROM sessions');
  let asked = 0;
  for (const [shape, methods] of Object.entries(contract.paths)) {
    if (!shape.startsWith('/api/')) continue;
    const target = shape.replace(/\{\w+\}/g, id);
    for (const [method, operation] of Object.entries(methods)) {
      if (method === 'get') continue;
      const anyone = operation['x-permission'] === 'anyone';
      const own = { cookie: admin.cookie, 'x-csrf-token': admin.csrf, 'idempotency-key': '01JM8ZC9T0QK5V3N7RWX2YBD4E' };
      const cases = [
        ['another origin', { ...own, origin: 'https://evil.example' }, 'session.cross_site'],
        ['no origin at all', { ...own, origin: 'null' }, 'session.cross_site'],
        ['a page of another site', { ...own, 'sec-fetch-site': 'cross-site' }, 'session.cross_site'],
        ['a page of a neighbour', { ...own, 'sec-fetch-site': 'same-site' }, 'session.cross_site'],
        ...(anyone ? [] : [
          ['no token', { ...own, 'x-csrf-token': '' }, 'session.csrf'],
          ['a token of another session', { ...own, 'x-csrf-token': randomBytes(32).toString('base64url') }, 'session.csrf'],
        ]),
      ];
      for (const [name, headers, code] of cases) {
        const answer = await send(method.toUpperCase(), target, { body: {}, headers });
        assert.deepEqual([answer.status, answer.body.code], [403, code], `${method} ${target}: ${name}`);
        asked += 1;
      }
    }
  }
  assert.ok(asked > 60, `${asked} requests`);
  assert.equal(store(), before);
  assert.equal(sql('SELECT COUNT(*) FROM sessions'), sessions);
  assert.ok(noted('session.csrf') >= 1 && noted('session.cross_site') >= 1, 'both are written down');
});

test('D9: a session that somebody chose is none, and one that ended opens nothing', async () => {
  const chosen = `__Host-redflag=${randomBytes(32).toString('base64url')}`;
  const answer = await signIn(admin.username, password, { headers: { cookie: chosen } });
  assert.equal(answer.status, 200);
  const given = cookieOf(answer, '__Host-redflag');
  assert.notEqual(given, chosen);
  assert.equal((await send('GET', '/api/v1/session', { headers: { cookie: chosen } })).status, 401);
  const is = (cookie) => send('GET', '/api/v1/session', { headers: { cookie } }).then(({ status }) => status);
  assert.equal(await is(given), 200);
  // Signing in again in the same browser ends the one before.
  const again = cookieOf(await signIn(admin.username, password, { headers: { cookie: given } }), '__Host-redflag');
  assert.deepEqual([await is(given), await is(again)], [401, 200]);
  const other = newApi();
  await other.signIn(admin.username);
  await other.request('DELETE', '/api/v1/account/sessions');
  assert.deepEqual([await is(again), await is(other.cookie), await is(admin.cookie)], [401, 401, 401], 'signed out everywhere');
  assert.equal(noted('session.ended_everywhere'), 1);
  await admin.signIn(admin.username);
  await admin.request('DELETE', '/api/v1/session');
  assert.equal(await is(admin.cookie), 401, 'signed out');
  await admin.signIn(admin.username);
});

test('D10: guessing is stopped, whatever it says of where it comes from, and its victim still signs in', async () => {
  const began = Date.now();
  const guess = (n) => signIn(admin.username, `guess number ${n} of many`, { from: '127.0.0.2', headers: { 'x-forwarded-for': `198.51.100.${n}`, forwarded: `for=198.51.100.${n}` } });
  // As many at once as are computed or wait for it: a slow machine must not be slower than the budget fills up.
  let tried = 0;
  let last;
  while (last === undefined && tried < 60) {
    const answers = await Promise.all(Array.from({ length: 4 }, (_, n) => guess(tried + n)));
    assert.ok(answers.every(({ status }) => status === 401 || status === 429));
    tried += answers.filter(({ status }) => status === 401).length;
    last = answers.find(({ body }) => body.code === 'sign_in.throttled');
  }
  assert.ok(last, `${tried} guesses were tried`);
  const refilled = (Date.now() - began) / 6000; // ten a minute
  assert.deepEqual([last.status, last.body.code], [429, 'sign_in.throttled']);
  assert.ok(tried <= 12 + refilled, `${tried} guesses were tried`);
  assert.ok(Number(last.headers['retry-after']) > 0);
  assert.equal((await signIn(admin.username, password, { from: '127.0.0.2' })).status, 429, 'the right one neither, by then');
  assert.equal((await signIn(admin.username, password)).status, 200, 'its owner signs in from elsewhere');
  // One password against many accounts.
  const sprayBegan = Date.now();
  const sprayed = await Promise.all(Array.from({ length: 80 }, (_, n) => signIn(`user${n}`, 'Spring2026 Spring2026', { from: '127.0.0.3' })));
  assert.ok(sprayed.every(({ status }) => status === 401 || status === 429));
  const sprayTried = sprayed.filter(({ status }) => status === 401).length;
  assert.ok(sprayTried <= 61 + (Date.now() - sprayBegan) / 1000, `${sprayTried} were tried`); // one address's budget
  assert.ok(noted('sign_in.failed') >= 1 && noted('sign_in.throttled') >= 1, 'written down');
  assert.ok(noted('sign_in.failed') <= 200, 'and not without end');
});

test('D15: two hundred sign-ins at once take the memory of two, and nobody else waits', async () => {
  const resting = memory('VmRSS');
  fs.writeFileSync(`/proc/${fleet.server.pid}/clear_refs`, '5');
  // What two hundred at once are answered, and how long somebody else waited meanwhile.
  const crowd = async (ask) => {
    let slowest = 0;
    let over = false;
    const bystander = (async () => {
      while (!over) {
        const began = performance.now();
        assert.equal((await send('GET', '/healthz')).status, 200);
        slowest = Math.max(slowest, performance.now() - began);
        await sleep(50);
      }
    })();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => ask(n)));
    over = true;
    await bystander;
    return { answers, slowest };
  };
  // What two hundred connections cost this machine, and this process, with nothing to compute behind them.
  const { slowest: usual } = await crowd((n) => send('GET', '/healthz', { from: `127.0.5.${n + 1}` }));
  const { answers: flood, slowest } = await crowd((n) => signIn(`flood${n}`, 'whatever it may be', { from: `127.0.3.${n + 1}` }));
  const count = (wanted) => flood.filter(({ status }) => status === wanted).length;
  assert.equal(count(401) + count(429), 200);
  assert.ok(count(429) > 0, 'most are turned away');
  assert.ok(count(401) >= 2, 'some are tried');
  const peak = memory('VmHWM') - resting;
  console.log(`D15: ${count(401)} tried, ${count(429)} turned away, ${peak.toFixed(0)} MiB more at the peak, a bystander waited ${slowest.toFixed(0)} ms at most, ${usual.toFixed(0)} in a crowd that asks for nothing`);
  assert.ok(peak < 2 * 64 + 40, `${peak} MiB more at the peak`);
  assert.ok(slowest < 1000 + 4 * usual, `a bystander waited ${slowest} ms, ${usual} in a crowd that asks for nothing`);
  assert.ok(noted('sign_in.busy') >= 1, 'written down');
});

const base32 = (text) => Buffer.from([...text].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('').match(/.{8}/g).map((bits) => Number.parseInt(bits, 2)));

// An authenticator app.
function codeOf(secret, away = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + away));
  const digest = createHmac('sha1', base32(secret)).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

test('a destructive order without a new proof is refused, and nothing is ordered', async () => {
  const order = () => admin.request('POST', '/api/v1/commands', { type: 'reboot', agent_ids: ['01JM8ZC9T0QK5V3N7RWX2YBD4E'], parameters: { delay_min: 5 } }, { allowProblem: true });
  assert.equal((await order()).body.code, 'agent.not_found', 'just signed in: it goes as far as the machine');
  sql('UPDATE sessions SET proven_at = 1');
  assert.deepEqual([(await order()).status, (await order()).body.code], [403, 'session.step_up_required']);
  const begin = await admin.request('POST', '/api/v1/account/second-factor', {}, { allowProblem: true });
  assert.equal(begin.body.code, 'session.step_up_required');
  assert.equal(sql('SELECT COUNT(*) FROM second_factors'), '0');
  const wrong = await admin.request('POST', '/api/v1/session/step-up', { password: 'not the password' }, { allowProblem: true });
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'password.wrong']);
  assert.equal((await order()).body.code, 'session.step_up_required');
  assert.equal(noted('password.wrong'), 1);
  await admin.request('POST', '/api/v1/session/step-up', { password });
  assert.equal((await order()).body.code, 'agent.not_found');
  assert.equal(sql('SELECT COUNT(*) FROM commands'), '0');
});

test('a second factor: neither the password alone, nor a code twice, nor the database alone signs in', async () => {
  const { secret, uri } = await admin.post('/api/v1/account/second-factor', {});
  assert.ok(uri.includes(secret));
  const { recovery_codes: codes } = await admin.post('/api/v1/account/second-factor/confirm', { code: codeOf(secret) });
  const dump = runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), '.dump']).stdout;
  for (const told of [secret, base32(secret).toString('hex'), ...codes, ...codes.map((code) => code.replaceAll('-', ''))]) {
    assert.ok(!dump.toLowerCase().includes(told.toLowerCase()), 'it is in the database');
  }
  const half = async () => {
    const first = await signIn(admin.username, password, { from: '127.0.4.1', headers: { cookie: admin.device ?? '' } });
    assert.equal(first.status, 202, JSON.stringify(first.body));
    assert.equal(cookieOf(first, '__Host-redflag'), undefined);
    return cookieOf(first, '__Host-redflag-sign-in');
  };
  const enter = (cookie, code) => send('POST', '/api/v1/session/second-factor', { body: { code }, headers: { cookie }, from: '127.0.4.1' });
  sql('DELETE FROM sessions'); // only the second step opens anything from here on
  const code = codeOf(secret, 1); // good for a minute: a code is used once, and nobody here is to be quick
  const first = await half();
  assert.equal((await send('GET', '/api/v1/overview', { headers: { cookie: first } })).status, 401);
  const entered = await enter(first, code);
  assert.equal(entered.status, 200);
  assert.equal((await enter(await half(), code)).status, 401, 'the same code again');
  assert.ok(noted('sign_in.code') >= 1);
  assert.equal((await enter(await half(), codes[3])).status, 200, 'a recovery code');
  assert.equal((await enter(await half(), codes[3])).status, 401, 'the same recovery code again');
  assert.equal(noted('second_factor.recovery_code'), 1);
});

test('a role that needs a second factor can do nothing but set one up', async () => {
  await fleet.server.stop();
  fs.appendFileSync(path.join(fleet.data, 'server.yaml'), 'require_second_factor: [admin]\n');
  sql('DELETE FROM second_factors');
  await fleet.startServer();
  const api = newApi();
  const session = await api.signIn(admin.username);
  assert.deepEqual(session.second_factor, { enabled: false, required: true });
  const overview = () => api.request('GET', '/api/v1/overview', undefined, { allowProblem: true });
  assert.deepEqual([(await overview()).status, (await overview()).body.code], [403, 'session.second_factor_required']);
  const { secret } = await api.post('/api/v1/account/second-factor', {});
  await api.post('/api/v1/account/second-factor/confirm', { code: codeOf(secret) });
  assert.equal((await overview()).status, 200);
});
