// Row G10 and the rule of every refusal, against the real server: what was done and what was refused is in the audit log,
// a flood of refusals is a few records with the exact count, and whatever is done to the log is named at the record — by the
// server, and by a second implementation that knows only what server/README.md says.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';

after(cleanUp);

let fleet;
let api;
const sql = (text) => runToEnd(['sqlite3', path.join(fleet.data, 'redflag.db'), text]).stdout.trim();
const audit = (...argv) => runToEnd([program('redflag-server'), 'audit', ...argv], { allowFailure: true });

before(async () => {
  fleet = new Fleet('audit');
  await fleet.startServer();
  api = await fleet.signIn();
});

// The second implementation ---------------------------------------------------------------------------------------
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const integer = (value) => { const out = Buffer.alloc(8); out.writeBigInt64LE(BigInt(value)); return out; };
const bytes = (value) => { const size = Buffer.alloc(4); size.writeUInt32LE(value.length); return Buffer.concat([size, value]); };
const domain = (text) => Buffer.from(`${text}\0`);
const hex = (text) => Buffer.from(text, 'hex');
const texts = ['client_id', 'agent_id', 'subsystem', 'actor', 'peer', 'request_id', 'kind', 'text', 'code', 'severity', 'command_id'];

function contentHash(record) {
  return sha256(Buffer.concat([domain('redflag audit record 1'), bytes(hex(record.salt)), integer(record.at_ms),
    ...texts.map((name) => bytes(Buffer.from(record[name] ?? ''))), integer(record.times)]));
}

const linkHash = (seq, previous, content) => sha256(Buffer.concat([domain('redflag audit link 1'), integer(seq), bytes(previous), bytes(content)]));

function headIsSigned(head) {
  const signed = Buffer.concat([domain('redflag audit head 1'), integer(head.seq), bytes(hex(head.hash)), integer(head.at_ms)]);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: head.public_key }, format: 'jwk' });
  return verifySignature(null, signed, key, Buffer.from(head.signature, 'base64url'));
}

// What is wrong with an export, or null; and its records that are there in full.
function judge(file) {
  const [first, ...lines] = file.trim().split('\n').map((line) => JSON.parse(line));
  let { seq, hash } = first.after;
  let previous = hex(hash);
  const records = [];
  for (const line of lines) {
    if (line.head) {
      const whole = line.head.seq === seq && line.head.hash === previous.toString('hex') && headIsSigned(line.head);
      return { wrong: whole ? null : 'head', records, head: line.head };
    }
    if (line.seq !== seq + 1) return { wrong: seq + 1 };
    const sealed = line.content !== undefined;
    previous = linkHash(line.seq, previous, sealed ? hex(line.content) : contentHash(line));
    seq = line.seq;
    if (!sealed && line.hash !== previous.toString('hex')) return { wrong: seq };
    if (!sealed) records.push(line);
  }
  return { wrong: 'no head' };
}

// -----------------------------------------------------------------------------------------------------------------
test('what people do is in the log with who, where from and which request', async () => {
  const token = await api.request('POST', '/api/v1/enrolment-tokens', { seats: 2, expires_in_s: 3600 });
  const { items } = await api.get('/api/v1/audit?kind=enrolment.token_made&limit=1');
  assert.equal(items.length, 1);
  assert.equal(items[0].actor, 'alex');
  assert.equal(items[0].peer, '127.0.0.1');
  assert.match(items[0].request_id, /^[0-9A-Z]{26}$/);
  assert.equal(token.status, 201);
});

test('ten thousand refusals are a few records with the exact count, and others are served meanwhile', async () => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 8, ca: api.ca });
  const count = 10_000;
  let left = count;
  const one = () => new Promise((resolve, reject) => {
    https.get(new URL('/api/v1/agents', fleet.url), { agent }, (response) => {
      assert.equal(response.statusCode, 401);
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
  const worker = async () => { while (left-- > 0) await one(); };
  let slowest = 0;
  const flood = Promise.all(Array.from({ length: 8 }, worker));
  let over = false;
  flood.finally(() => { over = true; });
  while (!over) {
    const began = performance.now();
    await api.get('/api/v1/overview');
    slowest = Math.max(slowest, performance.now() - began);
    await new Promise((next) => setTimeout(next, 250));
  }
  await flood;
  agent.destroy();
  await fleet.server.stop();  // writes what it counted
  const rows = Number(sql("SELECT COUNT(*) FROM audit WHERE code = 'session.required'"));
  const sum = Number(sql("SELECT SUM(times) FROM audit WHERE code = 'session.required'"));
  console.log(`${count} refusals, ${rows} records, slowest other answer ${slowest.toFixed(0)} ms`);
  assert.equal(sum, count);
  assert.ok(rows <= 10, `${rows} records`);
  await fleet.startServer();
  await api.signIn();
});

test('an export verifies with a second implementation, a client gets its own records alone', async () => {
  const client = (await api.get('/api/v1/clients')).items[0].id;
  const all = judge((await api.request('GET', '/api/v1/audit/export')).body);
  assert.equal(all.wrong, null);
  assert.ok(all.records.some((record) => record.kind === 'security.refused'));
  assert.ok(all.records.some((record) => record.client_id === client));
  const own = judge((await api.request('GET', `/api/v1/audit/export?client_id=${client}`)).body);
  assert.equal(own.wrong, null);
  assert.ok(own.records.length > 0 && own.records.every((record) => record.client_id === client));
  assert.equal(own.head.seq >= all.head.seq, true);

  const file = path.join(fleet.folder, 'client.jsonl');
  assert.equal(audit('export', '--data', fleet.data, '--client', client, '--to', file).status, 0);
  assert.equal(judge(fs.readFileSync(file, 'utf8')).wrong, null);
  assert.match(audit('verify', '--file', file).stdout, /the log is whole: \d+ records/);
  assert.notEqual(audit('export', '--data', fleet.data, '--to', file).status, 0, 'it overwrites nothing');
});

test('G10: an exported file that was edited is refused by both at the record', async () => {
  const lines = (await api.request('GET', '/api/v1/audit/export')).body.trim().split('\n');
  const place = lines.findIndex((line) => line.includes('enrolment.token_made'));
  const { seq } = JSON.parse(lines[place]);
  lines[place] = lines[place].replace('"actor":"alex"', '"actor":"someone"');
  const file = path.join(fleet.folder, 'edited.jsonl');
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  assert.equal(judge(lines.join('\n')).wrong, seq);
  const verdict = audit('verify', '--file', file);
  assert.equal(verdict.status, 1);
  assert.match(verdict.stderr, new RegExp(`record ${seq} was changed`));
});

test('G10: a log that was tampered with is named at the record, also where all of it was made to fit', async () => {
  const head = path.join(fleet.folder, 'head.json');
  fs.writeFileSync(head, JSON.stringify(await api.get('/api/v1/audit/head')));
  await fleet.server.stop();
  assert.equal(audit('verify', '--data', fleet.data, '--head', head).status, 0, audit('verify', '--data', fleet.data).stderr);
  const database = path.join(fleet.data, 'redflag.db');
  const kept = path.join(fleet.folder, 'kept.db');
  sql('PRAGMA wal_checkpoint(TRUNCATE)');
  fs.copyFileSync(database, kept);
  const newest = Number(sql('SELECT seq FROM audit_chain'));
  const cases = [
    ["UPDATE audit SET actor = 'nobody' WHERE seq = 2", /record 2 was changed/],
    ['DELETE FROM audit WHERE seq = 3', /record 3 is missing/],
    [`DELETE FROM audit WHERE seq = ${newest}`, /its end was cut off/],
    [`DELETE FROM audit WHERE seq = ${newest}; UPDATE audit_chain SET seq = ${newest - 1}, hash = (SELECT hash FROM audit WHERE seq = ${newest - 1})`, new RegExp(`record ${newest} was signed`)],
  ];
  for (const [change, text] of cases) {
    sql(change);
    const verdict = audit('verify', '--data', fleet.data, '--head', head);
    assert.equal(verdict.status, 1, change);
    assert.match(verdict.stderr, text, change);
    const doctor = runToEnd([program('redflag-server'), 'doctor', '--data', fleet.data, '--format', 'json'], { allowFailure: true });
    const found = JSON.parse(doctor.stdout).findings.find((one) => one.check === 'audit');
    assert.equal(found.level, 'error', change);
    for (const rest of ['-wal', '-shm']) fs.rmSync(database + rest, { force: true });
    fs.copyFileSync(kept, database);
  }
  assert.equal(audit('verify', '--data', fleet.data, '--head', head).status, 0);

  // A server that finds its log changed says so, and where.
  sql("UPDATE audit SET text = 'nothing' WHERE seq = 1");
  await fleet.startServer();
  await api.signIn();
  const row = await until(async () => (await api.get('/api/v1/security')).items.find((one) => one.id === 'audit' && one.level === 'critical'), 'the security overview to say so');
  assert.match(row.text, /record 1 was changed/);
  const need = (await api.get('/api/v1/overview')).needs.find((one) => one.kind === 'security');
  assert.equal(need.link, '/settings/security');
});
