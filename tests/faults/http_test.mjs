// Rows D1, D3, D4, D5 and D14 against the real server over TLS: what is too long, too deep, malformed or not signed gets a problem
// document, leaves nothing in the store and nothing in memory, and delays nobody.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';
import { ed25519 } from './lib/envelope.mjs';
import { ask, digestOf, LoneAgent } from './lib/raw_tls.mjs';

after(cleanUp);

let fleet;
let agent;
let other;
const kMiB = 1 << 20;

// Everything in the store, but for when an agent was last heard of and what is told of refusals.
const store = () => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), '.dump']).stdout.split('\n')
  .filter((line) => !/^INSERT INTO (agents|audit|audit_chain|errors|history|outbox|sqlite_sequence) /.test(line)).join('\n');
const recorded = (code) => Number(runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), `SELECT COALESCE(SUM(times), 0) FROM audit WHERE code = '${code}'`]).stdout);

const memory = (name) => Number(fs.readFileSync(`/proc/${fleet.server.pid}/status`, 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
// Of the server since its start; the kernel counts in hundredths of a second.
const processorMs = () => fs.readFileSync(`/proc/${fleet.server.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
const forgetPeak = () => fs.writeFileSync(`/proc/${fleet.server.pid}/clear_refs`, '5');

// Somebody who does nothing wrong, all the while, in this process: `late`: how long it was kept from looking at most.
class Bystander {
  constructor() {
    this.slowest = 0;
    this.answers = 0;
    this.over = false;
    this.delays = monitorEventLoopDelay({ resolution: 10 });
    this.delays.enable();
    this.loop = this.run();
  }

  get late() {
    return this.delays.max / 1e6;
  }

  async run() {
    while (!this.over) {
      const answer = await ask(fleet.port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n']);
      assert.equal(answer.status, 200);
      this.slowest = Math.max(this.slowest, answer.ms);
      this.answers += 1;
      await sleep(20);
    }
  }

  async stop() {
    this.over = true;
    await this.loop;
    this.delays.disable();
    return this.slowest;
  }
}

// Runs the cases one after the other: exact status and code, a problem document, and the peak of memory.
async function refuseAll(cases, mostMiB) {
  const before = store();
  const calm = new Bystander();
  await until(() => calm.answers >= 10, 'a bystander to be answered');
  const usual = await calm.stop();
  const bystander = new Bystander();
  const resting = memory('VmRSS');
  const answers = [];
  forgetPeak();
  try {
    for (const [name, parts, status, code] of cases) {
      const answer = await (typeof parts === 'function' ? parts() : ask(fleet.port, parts));
      // Who goes on sending is cut off, and may not get to read why.
      if (!answer && !Array.isArray(parts) && typeof parts !== 'function') {
        assert.ok(fleet.server.output.includes(`refused=${code} status=${status}`), name);
        continue;
      }
      assert.ok(answer, `${name}: cut off without an answer`);
      answers.push(answer);
      assert.equal(answer.status, status, `${name}: ${answer.body}`);
      assert.equal(answer.headers['content-type'], 'application/problem+json', name);
      assert.equal(answer.json.code, code, `${name}: ${answer.body}`);
      assert.equal(answer.json.status, status, name);
    }
  } finally {
    await bystander.stop();
  }
  const grown = memory('VmHWM') - resting;
  console.log(`peak +${grown.toFixed(1)} MiB, now +${(memory('VmRSS') - resting).toFixed(1)} MiB, slowest bystander ${bystander.slowest.toFixed(0)} ms, before ${usual.toFixed(0)} ms`);
  assert.ok(bystander.slowest < 1000 + 3 * usual + bystander.late, `somebody else waited ${bystander.slowest} ms, and ${usual} before; ${bystander.late} were this test's own`);
  assert.ok(grown < mostMiB, `the server grew by ${grown} MiB`);
  assert.equal(store(), before, 'something was stored');
  for (const code of new Set(cases.map((one) => one[3]))) await until(() => recorded(code) > 0, `${code} in the audit log`, 10_000);
  return answers;
}

before(async () => {
  fleet = new Fleet('http');
  fleet.settings = 'rate_limits: {agent: 100000}\n';  // one agent tries everything at once
  await fleet.startServer();
  await fleet.signIn();
  agent = new LoneAgent(fleet);
  other = new LoneAgent(fleet);
  await agent.enrol();
  await other.enrol();
  const upload = await agent.post('/agent/v1/upload', '{"items":[]}');
  assert.equal(upload.status, 200, upload.body);
});

const post = (headers, body = '', target = '/api/v1/session') =>
  [`POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers}\r\n`, body];

function* endless(first, chunk) {
  yield first;
  for (let sent = 0; sent < 200 * kMiB; sent += chunk.length) yield chunk;
}

test('D3: requests without measure are refused before their bytes are kept', async () => {
  const chunk = Buffer.alloc(64 << 10, 'x');
  await refuseAll([
    ['100,000 headers', [`GET / HTTP/1.1\r\nHost: a\r\n${'A: 1\r\n'.repeat(100_000)}\r\n`], 431, 'request.head_too_large'],
    ['65 headers', [`GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 64 }, (_, i) => `A${i}: 1\r\n`).join('')}\r\n`], 431, 'request.too_many_headers'],
    ['one header of 1 MB', [`GET / HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(kMiB)}\r\n\r\n`], 431, 'request.head_too_large'],
    ['an address of 1 MB', [`GET /${'a'.repeat(kMiB)} HTTP/1.1\r\nHost: a\r\n\r\n`], 414, 'request.target_too_long'],
    ['an address of 9 kB', [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`], 414, 'request.target_too_long'],
    ['an address without an end', endless('GET /', chunk), 414, 'request.target_too_long'],
    ['headers without an end', endless('GET / HTTP/1.1\r\nHost: a\r\nA: ', chunk), 431, 'request.head_too_large'],
    ['chunks without an end', endless(post('Transfer-Encoding: chunked\r\n')[0], Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')])), 411, 'request.length_required'],
    ['chunks and a length', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'), 400, 'request.two_lengths'],
    ['no length', post(''), 411, 'request.length_required'],
    ['a negative length', post('Content-Length: -1\r\n'), 400, 'request.length'],
    ['a length past 64 bits', post('Content-Length: 18446744073709551616\r\n'), 400, 'request.length'],
    ['the longest length', post('Content-Length: 18446744073709551615\r\n'), 413, 'request.body_too_large'],
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 3\r\n', '{}'), 400, 'request.header_twice'],
    ['a body over its route', post('Content-Length: 100000\r\n', 'x'.repeat(100_000)), 413, 'request.body_too_large'],
    ['a body of 200 MB', endless(post(`Content-Length: ${200 * kMiB}\r\n`)[0], chunk), 413, 'request.body_too_large'],
    ['an upload over 8 MiB', agent.request('POST', '/agent/v1/upload', '', { headers: { 'content-length': 8 * kMiB + 1 } }), 413, 'request.body_too_large'],
    ['an enrolment over 8 KiB', agent.request('POST', '/agent/v1/enroll', '', { headers: { 'content-length': 8193 }, forge: { keyid: Buffer.from(agent.key.publicKey).toString('base64url') } }), 413, 'request.body_too_large'],
    ['a body for a GET', ['GET /api/v1/agents HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'], 401, 'session.required'],
  ], 6);
});

test('D4: JSON that is deep, wide or huge is refused at once', async () => {
  const item = (inside) => `{"items":[{"id":"01JM8ZC9T0QK5V3N7RWX2YBD4E","kind":"scan",${inside}}]}`;
  const wide = Array.from({ length: 1_000_000 }, (_, i) => `"k${i}":1`).join(',');
  const slow = [];
  const upload = (name, body, code = 'upload.invalid') => {
    const bytes = zstd(body);
    return [name, async () => {
      // The best of three: others take their part of a processor's caches.
      for (let took = Infinity, tries = 0; ; tries += 1) {
        const used = processorMs();
        const answer = await agent.post('/agent/v1/upload', bytes, { headers: { 'content-encoding': 'zstd' } });
        took = Math.min(took, processorMs() - used);
        if (took >= 500 && tries < 2) continue;
        slow.push([name, took]);
        return answer;
      }
    }, 400, code];
  };
  await refuseAll([
    upload('a million levels', '['.repeat(1_000_000)),
    upload('a million levels of objects', '{"a":'.repeat(1_000_000)),
    upload('a million levels in an item', item(`"x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)),
    upload('25 levels', item(`"x":${'['.repeat(22)}${']'.repeat(22)}`)),
    upload('a million keys', `{${wide}}`),
    upload('a million keys in an item', item(wide)),
    upload('a million digits', item(`"x":${'9'.repeat(1_000_000)}`)),
    upload('1e400', item('"x":1e400')),
    upload('NaN', item('"x":NaN')),
    upload('a key twice', item('"kind":"scan"')),
    upload('invalid UTF-8', Buffer.concat([Buffer.from('{"items":[{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]}')])),
    upload('65 items', `{"items":[${Array(65).fill('{}').join(',')}]}`),
    upload('an item without an id', '{"items":[{}]}'),
    upload('an id that is a path', '{"items":[{"id":"../../../../../../../etc/pw"}]}'),
    upload('no JSON', 'hello'),
    upload('nothing', ''),
    upload('two documents', '{"items":[]}{"items":[]}'),
    upload('a member nobody knows', '{"items":[],"admin":true}'),
    ['deep, at sign-in', post('Content-Length: 8000\r\n', '['.repeat(8000)), 400, 'request.body'],
    ['deep, at a fetch', agent.request('POST', '/agent/v1/commands/fetch', '['.repeat(1000)), 400, 'request.invalid_json'],
    ['deep, at enrolment', other.request('POST', '/agent/v1/enroll', '['.repeat(8000), { forge: { keyid: Buffer.from(other.key.publicKey).toString('base64url') } }), 400, 'request.invalid_json'],
  ], 40);
  const worst = slow.sort((a, b) => b[1] - a[1])[0];
  console.log(`slowest refusal: ${worst[0]} ${worst[1]} ms of the server's processor time, with its transfer and the bystander's`);
  assert.ok(worst[1] < 500, `${worst[0]} took ${worst[1]} ms`);
});

test('D4: a string of 7 MB in one item is rejected by name, and the others of its upload are taken', async () => {
  const items = [{ id: '01JM8ZC9T0QK5V3N7RWX2YBD4F', kind: 'refusal', at: '2025-03-01T00:00:00Z', code: 'policy', text: 'x'.repeat(7 * kMiB), by: 'kernel' }];
  const answer = await agent.post('/agent/v1/upload', zstd(JSON.stringify({ items })), { headers: { 'content-encoding': 'zstd' } });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json.acknowledged, []);
  assert.equal(answer.json.rejected[0].id, items[0].id);
  assert.match(answer.json.rejected[0].text, /refusal\.text: expected text of at most/);
});

test('D3: whatever is wrong with a signature, an agent route answers 401 in one shape and stores nothing', async () => {
  const body = JSON.stringify({ items: [{ id: '01JM8ZC9T0QK5V3N7RWX2YBD4G', kind: 'refusal', at: '2025-03-01T00:00:00Z', code: 'policy', text: 'x', by: 'kernel' }] });
  const now = Math.floor(Date.now() / 1000);
  const stranger = ed25519();
  const send = (forge, headers) => agent.request('POST', '/agent/v1/upload', body, { forge, headers });
  const invalid = [
    ['no signature at all', send({}, { signature: null, 'signature-input': null, 'content-digest': null })],
    ['no Signature', send({}, { signature: null })],
    ['no Signature-Input', send({}, { 'signature-input': null })],
    ['no Content-Digest', send({}, { 'content-digest': null })],
    ["a stranger's key", send({ key: stranger })],
    ["another agent's key", send({ key: other.key })],
    ["another agent's id", send({ keyid: other.id })],
    ['an agent nobody knows', send({ keyid: 'nobody', key: stranger })],
    ['a signature of zeros', send({}, { signature: `sig1=:${Buffer.alloc(64).toString('base64')}:` })],
    ['half a signature', send({}, { signature: `sig1=:${Buffer.alloc(32).toString('base64')}:` })],
    ['another method', send({ method: 'GET' })],
    ['another target', send({ target: '/agent/v1/commands/fetch' })],
    ['another host', send({ authority: 'elsewhere:443' })],
    ['the digest of another body', send({ digest: digestOf('{"items":[]}') })],
    ['another body', [agent.request('POST', '/agent/v1/upload', body)[0], body.replace('"x"', '"y"')]],
    ['a session cookie instead', send({}, { signature: null, 'signature-input': null, cookie: fleet.api.cookie })],
    ['a bearer token instead', send({}, { signature: null, 'signature-input': null, authorization: `Bearer ${agent.id}` })],
    ['its access token instead', send({}, { signature: null, 'signature-input': null })],
    ['no access token', send({ token: null })],
    ['an access token that is not signed', send({ token: null }, { authorization: `Bearer ${agent.token}` })],
    ['fewer components', send({}, { 'signature-input': `sig1=("@method");created=${now};nonce="${randomBytes(16).toString('base64url')}";keyid="${agent.id}";alg="ed25519"` })],
    ['another algorithm', send({}, { 'signature-input': agent.sign('POST', '/agent/v1/upload', body)['signature-input'].replace('ed25519', 'none') })],
  ];
  const replayed = agent.request('POST', '/agent/v1/upload', '{"items":[]}');
  assert.equal((await ask(fleet.port, replayed)).status, 200);
  const answers = await refuseAll(invalid.map(([name, parts]) => [name, parts, 401, 'signature.invalid']), 6);
  const shapes = new Set(answers.map(({ json: { request_id: id, ...rest } }) => JSON.stringify(rest)));
  assert.equal(shapes.size, 1, 'the answers differ, and so tell which part was right');
  await refuseAll([
    ['a replay', replayed, 401, 'signature.replayed'],
    ['six minutes old', send({ created: now - 360 }), 401, 'signature.clock'],
    ['six minutes ahead', send({ created: now + 360 }), 401, 'signature.clock'],
    ['of 1970', send({ created: 1 }), 401, 'signature.clock'],
    ['of the year 292277026596', send({ created: '9223372036854775807' }), 401, 'signature.clock'],
  ], 6);
});

const zstd = (body) => runBinary(['zstd', '-q', '-c', '-1'], body);
const zeros = (bytes, ...options) => runBinary(['sh', '-c', `head -c ${bytes} /dev/zero | zstd -q -c ${options.join(' ')}`]);

function runBinary(command, input) {
  const result = spawnSync(command[0], command.slice(1), { input, maxBuffer: 64 * kMiB });
  if (result.status !== 0) throw new Error(String(result.stderr));
  return result.stdout;
}

test('D5: zstd bombs are stopped at the limit of their route', async () => {
  const bomb = zeros(256 * kMiB);
  const nested = zstd(bomb);
  const far = zeros(1000, '-1', '--long=27');
  const stated = zeros(256 * kMiB, `--stream-size=${256 * kMiB}`);
  const wrap = (bytes, target = '/agent/v1/upload', forge = {}) => agent.request('POST', target, bytes, { headers: { 'content-encoding': 'zstd' }, forge });
  const asEnrolling = { keyid: Buffer.from(agent.key.publicKey).toString('base64url') };
  await refuseAll([
    ['256 MiB of nothing', wrap(bomb), 413, 'request.body_too_large'],
    ['256 MiB, as it says itself', wrap(stated), 413, 'request.body_too_large'],
    ['a thousand frames', wrap(Buffer.concat(Array(1000).fill(zeros(kMiB)))), 400, 'request.encoding'],
    ['a bomb in a bomb', wrap(nested), 400, 'upload.invalid'],
    ['a window of 128 MiB', wrap(far), 413, 'request.body_too_large'],
    ['cut short', wrap(bomb.subarray(0, bomb.length >> 1), '/agent/v1/commands/fetch'), 413, 'request.body_too_large'],
    ['no zstd', wrap(Buffer.from('hello')), 400, 'request.encoding'],
    ['twice', wrap(zstd(zstd('{"items":[]}'))), 400, 'upload.invalid'],
    ['a bomb at enrolment, by anybody', wrap(zeros(20 * kMiB), '/agent/v1/enroll', asEnrolling), 413, 'request.body_too_large'],
    ['gzip', agent.request('POST', '/agent/v1/upload', 'x', { headers: { 'content-encoding': 'gzip' } }), 415, 'request.encoding'],
  ], 96);
  await until(() => memory('VmRSS') < 160, 'the memory to be given back', 20_000, () => `${memory('VmRSS')} MiB are still in use`);
});

test('F4: who refuses our certificate, or speaks without TLS, is in the security log', async () => {
  const url = `127.0.0.1:${fleet.port}/healthz`;
  const asked = (...argv) => runToEnd(['curl', '-s', '--max-time', '10', ...argv], { allowFailure: true });
  const wrong = asked('--cacert', '/etc/ssl/certs/ca-certificates.crt', `https://${url}`);
  assert.equal(wrong.status, 60, 'another authority');
  const plain = asked('-o', '/dev/null', '-w', '%{http_code}', `http://${url}`);
  assert.equal(plain.stdout, '000', 'no answer without TLS');
  const api = await fleet.signIn();
  for (const code of ['tls.certificate_refused', 'tls.plaintext']) {
    await until(async () => (await api.get('/api/v1/audit?kind=security.refused&limit=200')).items.some((one) => one.code === code && one.peer === '127.0.0.1'), code, 10_000);
  }
});

// A connection that says this and then nothing more; `closed` when the server has ended it.
function connection(words, port = fleet.port) {
  const one = { closed: false, answered: false };
  one.socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => one.socket.write(words));
  one.socket.on('error', () => {});
  one.socket.on('data', () => { one.answered = true; });
  one.socket.on('close', () => { one.closed = true; });
  return one;
}

test('D1: who never comes to an end is cut within ten seconds, changes nothing, and is in the security log', async () => {
  const before = store();
  const bystander = new Bystander();
  const began = Date.now();
  const slow = Array.from({ length: 40 }, (_, n) => connection(n % 2 ? 'GET /api/v1/ag' : post('Content-Length: 900\r\n', '{"user')[0]));
  await until(() => slow.every((one) => one.closed), 'all of them to be cut', 20_000);
  const cutMs = Date.now() - began;
  const slowest = await bystander.stop();
  assert.ok(cutMs < 14_000 + 2 * bystander.late, `${cutMs} ms, of which this test was late by ${bystander.late}`);
  assert.ok(slowest < 1000 + bystander.late, `somebody else waited ${slowest} ms, of which ${bystander.late} were this test's own`);
  assert.equal(store(), before);
  await until(() => recorded('connection.too_slow') > 0, 'connection.too_slow in the audit log', 10_000);
});

test('D14: a server without descriptors turns visitors away, writes it down, and recovers by itself', async () => {
  const limit = (...argv) => runToEnd(['prlimit', '--pid', String(fleet.server.pid), ...argv]).stdout.trim();
  const usual = limit('--nofile', '--noheadings', '--output', 'SOFT,HARD').split(/\s+/).join(':');
  const before = store();
  const open = fs.readdirSync(`/proc/${fleet.server.pid}/fd`).map(Number);
  const most = Math.max(...open) + 1;
  limit(`--nofile=${most}:`);
  const turned = Array.from({ length: most - open.length + 5 }, () => connection('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  await until(() => turned.some((one) => one.closed), 'a visitor to be turned away', 10_000);
  const [used, since] = [processorMs(), performance.now()];
  await sleep(1000);
  assert.ok(processorMs() - used < (performance.now() - since) / 2, 'it does not spin');
  limit(`--nofile=${usual}`);
  await until(async () => (await ask(fleet.port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n']))?.status === 200, 'the server to serve again', 10_000);
  assert.equal(store(), before);
  await until(() => recorded('connection.no_descriptors') > 0, 'connection.no_descriptors in the audit log', 10_000);
});

test('D14: a house full of idle visitors leaves the store and the sealed hosts their descriptors', async () => {
  const [most, kept] = [640, 256];
  const small = new Fleet('small');
  small.under = ['prlimit', `--nofile=${most}:${most}`];
  await small.startServer();
  const machine = new LoneAgent(small);
  await machine.enrol();
  const descriptors = () => fs.readdirSync(`/proc/${small.server.pid}/fd`).length;
  const visitors = [];
  try {
    while (visitors.length < most) {
      const some = Array.from({ length: 40 }, () => connection('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n', small.port));
      visitors.push(...some);
      await until(() => some.every((one) => one.answered), 'each visitor to be answered', 20_000, () => small.server.output.slice(-2000));
    }
    await until(() => visitors.some((one) => one.closed), 'who has waited longest to make room', 10_000);
    assert.ok(visitors.filter((one) => !one.closed).length > most - kept - 50, 'that is no full house');
    assert.ok(descriptors() > most - kept && descriptors() < most - kept / 2, `${descriptors()} descriptors`);
    const api = await small.signIn();
    const { items: [order] } = await api.post('/api/v1/commands', { type: 'scan', agent_ids: [machine.id], parameters: {} });
    await until(async () => (await api.get(`/api/v1/commands/${order.id}`)).state === 'queued', 'the order to be planned', 20_000, () => small.server.output.slice(-2000));
    assert.ok(!/no_descriptors|Too many open files/.test(small.server.output), small.server.output.slice(-2000));
  } finally {
    for (const one of visitors) one.socket.destroy();
    await small.server.stop();
  }
});
