// Rows D6, D10, D13 and D15 against the real server: hostile parameters of everything openapi.json names, sign-ins by force,
// addresses that lead elsewhere, a flood of sign-ins. Each is refused, changes nothing, and is in the audit log.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Api } from '../e2e/lib/api.mjs';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, program, repository, runToEnd, until } from '../e2e/lib/processes.mjs';
import { ask, LoneAgent } from './lib/raw_tls.mjs';

after(cleanUp);

let fleet;
let api;
let agent;
// Of the tables that hold what somebody has: what is only told of (audit, errors, history) is looked at by itself.
const kTold = ['audit', 'audit_chain', 'errors', 'history', 'answers', 'sessions', 'outbox'];
const dump = () => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), '.dump']).stdout.split('\n')
  .filter((line) => !kTold.some((table) => line.startsWith(`INSERT INTO ${table} `)) && !line.startsWith('INSERT INTO agents ')).join('\n');
const recorded = (code) => Number(runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), `SELECT COALESCE(SUM(times), 0) FROM audit WHERE code = '${code}' OR kind = '${code}'`]).stdout);
const isRecorded = (code) => until(() => recorded(code) > 0, `${code} in the audit log`, 10_000);

before(async () => {
  fleet = new Fleet('hostile');
  fleet.settings = 'rate_limits: {people: 100000}\n';
  await fleet.startServer();
  api = await fleet.signIn();
  agent = new LoneAgent(fleet);
  await agent.enrol();
});

const kTwoHashesMiB = 2 * 64;
const kInjections = ["' OR '1'='1", "'; DROP TABLE agents; --", '" OR ""="', '1) UNION SELECT password_hash FROM users --', '%', '\\', "hostname' DESC; DELETE FROM users --", '\u0000', '\ud800'.toWellFormed?.() ?? '\ufffd'];

test('D6: SQL in every parameter, path, header and body that openapi.json names changes no row and is no server error', async () => {
  const contract = JSON.parse(fs.readFileSync(path.join(repository, 'server/api/openapi.json'), 'utf8'));
  const resolved = (parameter) => (parameter.$ref ? contract.components.parameters[parameter.$ref.split('/').pop()] : parameter);
  const untouched = dump();
  let asked = 0;
  const codes = new Map();
  for (const [shape, methods] of Object.entries(contract.paths)) {
    if (!shape.startsWith('/api/') || shape.startsWith('/api/v1/session') || shape === '/api/v1/events') continue;
    for (const [method, operation] of Object.entries(methods)) {
      for (const hostile of kInjections) {
        const text = encodeURIComponent(hostile);
        const targets = [];
        const filled = shape.replaceAll(/\{[^}]+\}/g, text);
        if (filled !== shape) targets.push(filled);
        const plain = shape.replaceAll(/\{[^}]+\}/g, agent.id);
        for (const parameter of (operation.parameters ?? []).map(resolved)) {
          if (parameter.in === 'query') targets.push(`${plain}?${parameter.name}=${text}`);
        }
        const changes = method !== 'get';
        const body = changes && method !== 'delete' ? { [hostile]: hostile, username: hostile, type: hostile, agent_ids: [hostile], update_ids: [hostile], seats: hostile } : undefined;
        if (changes && method !== 'delete') targets.push(plain);
        for (const target of targets) {
          const answer = await api.request(method.toUpperCase(), target, body, { allowProblem: true, headers: { 'idempotency-key': encodeURIComponent(hostile).slice(0, 60), 'x-injected': encodeURIComponent(hostile), 'accept-language': encodeURIComponent(hostile) } });
          asked += 1;
          assert.ok(answer.status < 500 || answer.body?.code === 'audit.not_kept', `${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
          if (answer.status >= 400) codes.set(answer.body.code, (codes.get(answer.body.code) ?? 0) + 1);
        }
      }
    }
  }
  const hostname = await agent.post('/agent/v1/upload', JSON.stringify({ items: [{ kind: 'agent_status', id: kInjections[1], hostname: kInjections[1] }] }));
  assert.ok(hostname.status < 500);
  console.log(`${asked} requests, ${codes.size} codes: ${[...codes].map(([code, times]) => `${code} ${times}`).join(', ')}`);
  assert.ok(asked > 300, `${asked} requests`);
  assert.equal(dump(), untouched, 'a row has changed');
  for (const code of codes.keys()) await isRecorded(code);
});

test('D13: no spelling of an address leads out of the application, the trust repository or a data folder', async () => {
  const up = ['..', '%2e%2e', '..%2f', '%2e%2e%2f', '..%5c', '%c0%ae%c0%ae', '%c0%ae%c0%ae%c0%af', '..%00', '%252e%252e', '....', '.%2e', '%e0%80%ae%e0%80%ae'];
  const bases = ['/', '/assets/', '/trust/metadata/', '/trust/targets/', '/trust/targets/trust/'];
  const secret = fs.readFileSync(path.join(fleet.data, 'keys/device.key'));
  const untouched = dump();
  for (const base of bases) {
    for (const step of up) {
      for (const goal of ['keys/device.key', 'server.yaml', 'redflag.db', 'etc/passwd']) {
        for (const depth of [1, 3, 8]) {
          const separator = step.endsWith('f') || step.endsWith('c') ? '' : '/';
          const target = `${base}${`${step}${separator}`.repeat(depth)}${goal}`;
          const answer = await ask(fleet.port, [`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`]);
          assert.ok(answer, target);
          // The application answers addresses of screens with its page; nothing else is given.
          const page = answer.status === 200 && /text\/html/.test(answer.headers['content-type'] ?? '');
          assert.ok(page || answer.status === 400 || answer.status === 404, `${target}: ${answer.status}`);
          assert.ok(!answer.body.includes('root:') && !answer.body.includes(secret.toString('latin1')), target);
        }
      }
    }
  }
  assert.equal(dump(), untouched, 'a row has changed');
  await isRecorded('request.target');
});

test('D13: an archive with a file that is none of a server\'s is refused as a whole', async () => {
  const archive = path.join(fleet.folder, 'good.backup');
  runToEnd([program('redflag-server'), 'backup', '--data', fleet.data, '--to', archive]);
  for (const name of ['../evil', '/etc/cron.d/evil', 'keys/../../evil', 'tls/..', 'keys/sub/evil', 'unknown/evil', 'trust/metadata/../../keys/command.key']) {
    const bad = path.join(fleet.folder, 'bad.backup');
    fs.copyFileSync(archive, bad);
    runToEnd(['sqlite3', bad, `INSERT INTO archive_files VALUES ('${name}', '${'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}', x'')`]);
    const into = path.join(fleet.folder, 'restored');
    const answer = runToEnd([program('redflag-server'), 'restore', '--data', into, '--from', bad], { allowFailure: true });
    assert.notEqual(answer.status, 0, name);
    assert.match(answer.stderr, /none of a server's/, name);
    assert.deepEqual(fs.readdirSync(into).filter((file) => file !== 'lock' && fs.statSync(path.join(into, file)).isFile()), [], name);
    assert.ok(!fs.existsSync(path.join(fleet.folder, 'evil')), name);
    fs.rmSync(into, { recursive: true });
  }
});

const signIn = (name, password, headers = {}) => new Api(fleet.url, path.join(fleet.data, 'ca.pem'))
  .request('POST', '/api/v1/session', { username: name, password }, { allowProblem: true, headers });

test('D10: an account is not guessed, a spoofed X-Forwarded-For buys no further guess, and its owner still gets in', async () => {
  const statuses = [];
  const began = Date.now();
  for (let i = 0; i < 30; ++i) {
    const answer = await signIn('alex', `wrong ${i}`, { 'x-forwarded-for': `203.0.113.${i}`, forwarded: `for=198.51.100.${i}` });
    statuses.push(answer.status);
    if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) > 0);
  }
  const tried = statuses.filter((status) => status === 401).length;
  const refilled = (Date.now() - began) / 6_000;  // ten a minute
  assert.ok(tried <= 12 + refilled, `${tried} guesses were tried: ${statuses}`);
  assert.ok(statuses.slice(-3).includes(429), `${statuses}`);
  await isRecorded('sign_in.failed');
  await isRecorded('sign_in.throttled');
  const { items } = await api.get('/api/v1/audit?kind=security&limit=50');
  assert.ok(items.every((record) => !record.peer?.startsWith('203.0.113.') && !record.peer?.startsWith('198.51.100.')));
});

test('D15: two hundred sign-ins at once take the memory of two, and nobody else waits', async () => {
  const memory = (name) => Number(fs.readFileSync(`/proc/${fleet.server.pid}/status`, 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024;
  const resting = memory('VmRSS');
  fs.writeFileSync(`/proc/${fleet.server.pid}/clear_refs`, '5');
  const untouched = dump();
  let over = false;
  const flood = Promise.all(Array.from({ length: 200 }, (_, i) => signIn(`user${i}`, 'a password that is long enough')));
  flood.finally(() => { over = true; });
  let slowest = 0;
  while (!over) {
    const began = performance.now();
    assert.equal((await api.request('GET', '/healthz', undefined, { allowProblem: true })).status, 200);
    slowest = Math.max(slowest, performance.now() - began);
    await new Promise((next) => setTimeout(next, 100));
  }
  const answers = await flood;
  const grown = memory('VmHWM') - resting;
  console.log(`peak +${grown.toFixed(0)} MiB, slowest other answer ${slowest.toFixed(0)} ms, ${answers.filter((one) => one.status === 429 || one.status === 503).length} of 200 told to wait`);
  assert.ok(answers.every((one) => [401, 429, 503].includes(one.status)), `${answers.map((one) => one.status)}`);
  assert.ok(grown < kTwoHashesMiB + 48, `the server grew by ${grown} MiB`);
  assert.equal(dump(), untouched);
});
