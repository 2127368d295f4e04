// Bytes to a server and its answer, for requests that no client library would send; and signed requests of an agent that
// exists only here (sdk/protocol/README.md), each part of which a test may forge.
import { createHash, randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { kPatience, program, runToEnd } from '../../e2e/lib/processes.mjs';
import { ed25519 } from './envelope.mjs';

function parse(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [line, ...headers] = bytes.subarray(0, end).toString().split('\r\n');
  const out = { status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers.map((h) => [h.slice(0, h.indexOf(':')).toLowerCase(), h.slice(h.indexOf(':') + 2)])) };
  const size = Number(out.headers['content-length'] ?? 0);
  if (bytes.length < end + 4 + size) return null;
  out.body = bytes.subarray(end + 4, end + 4 + size).toString();
  out.json = /[/+]json(;|$)/.test(out.headers['content-type'] ?? '') ? JSON.parse(out.body) : null;
  return out;
}

// Sends the parts one after the other until there is an answer. null: cut off without one.
export function ask(port, parts, timeoutMs = 20_000 * kPatience) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    let answer = null;
    const began = performance.now();
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer && { ...answer, ms: performance.now() - began });
    };
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      answer ??= parse(got);
      if (answer) finish();
    });
    let resume = () => {};
    for (const event of ['drain', 'close']) socket.on(event, () => resume());
    socket.on('close', finish);
    socket.on('error', (error) => (/no answer/.test(error.message) ? reject(error) : finish()));
    socket.on('secureConnect', async () => {
      for (const part of parts) {
        if (answer || socket.destroyed) return;
        if (!socket.write(part)) await new Promise((next) => { resume = next; });
      }
    });
  });
}

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
export const digestOf = (body) => `sha-256=:${base64(createHash('sha256').update(body).digest())}:`;

// Whole seconds: what is signed within the second of the server's start would count as signed before it.
const soon = () => Math.floor(Date.now() / 1000) + 1;

export class LoneAgent {
  constructor(fleet) {
    this.fleet = fleet;
    this.key = ed25519();
    this.authority = `127.0.0.1:${fleet.port}`;
  }

  // The headers of a signed request; `forge` replaces any of what is signed.
  sign(method, target, body, forge = {}) {
    const what = { method, authority: this.authority, target, digest: digestOf(body), created: soon(),
      nonce: randomBytes(16).toString('base64url'), keyid: this.id ?? Buffer.from(this.key.publicKey).toString('base64url'), key: this.key,
      token: /\/(enroll|token|key)$/.test(target) ? null : this.token, ...forge };
    const parameters = `("@method" "@authority" "@request-target" "content-digest"${what.token ? ' "authorization"' : ''});created=${what.created};nonce="${what.nonce}";keyid="${what.keyid}";alg="ed25519"`;
    const base = `"@method": ${what.method}\n"@authority": ${what.authority}\n"@request-target": ${what.target}\n"content-digest": ${what.digest}\n${what.token ? `"authorization": Bearer ${what.token}\n` : ''}"@signature-params": ${parameters}`;
    return { 'content-digest': what.digest, 'signature-input': `sig1=${parameters}`, signature: `sig1=:${base64(what.key.sign(Buffer.from(base)))}:`,
      ...(what.token ? { authorization: `Bearer ${what.token}` } : {}) };
  }

  request(method, target, body, { headers = {}, forge } = {}) {
    const bytes = Buffer.from(body);
    const all = { host: this.authority, 'content-type': 'application/json', 'content-length': bytes.length, ...this.sign(method, target, bytes, forge), ...headers };
    const head = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return [`${method} ${target} HTTP/1.1\r\n${head}\r\n`, bytes];
  }

  post(target, body, options) {
    return ask(this.fleet.port, this.request('POST', target, body, options));
  }

  // With a token of its own, or with the one of `bundle`.
  async enrol(bundle = runToEnd([program('redflag-server'), 'token', 'create', '--data', this.fleet.data]).stdout.trim(), hostname = 'lone') {
    const answer = await this.askToEnrol(bundle, hostname);
    if (answer.status !== 201) throw new Error(`enrolment: ${answer.status} ${answer.body}`);
    this.id = answer.json.agent_id;
    this.token = answer.json.access_token;
    this.refreshToken = answer.json.refresh_token;
    this.number = 0;
    return answer;
  }

  askToEnrol(bundle, hostname = 'lone') {
    const { token } = JSON.parse(Buffer.from(bundle.split('.')[1], 'base64url').toString());
    return this.post('/agent/v1/enroll', JSON.stringify({ token, public_key: Buffer.from(this.key.publicKey).toString('base64url'),
      hostname, agent_version: '0.1.0', mode: 'report', platform: 'linux-x86_64', machine: { os_name: 'Debian', os_version: '12' } }));
  }

  // A state document (sdk/protocol/state_document.h) that is the next; `changes` to its fields.
  document(changes = {}) {
    const field = (value) => { const bytes = Buffer.from(value); const size = Buffer.alloc(4); size.writeUInt32LE(bytes.length); return Buffer.concat([size, bytes]); };
    const token = Buffer.from(this.refreshToken, 'base64url');
    const what = { agentId: this.id, number: this.number + 1, key: this.key, ...changes };
    const number = Buffer.alloc(8);
    number.writeBigInt64LE(BigInt(what.number));
    const previous = createHash('sha256').update('redflag-refresh-token-v1\0').update(token).digest();
    const body = Buffer.concat([field(what.agentId), number, field('boot'), field(Buffer.alloc(32)), field(previous), field(randomBytes(16))]);
    return { body: base64(body), signature: base64(what.key.sign(Buffer.concat([Buffer.from('redflag-agent-state-v1\0'), body]))) };
  }

  renew({ document = this.document(), forge } = {}) {
    return this.post('/agent/v1/token', JSON.stringify({ refresh_token: this.refreshToken, document }), { forge });
  }

  // Hands the key over as this order asks; `changes` to what is said. take() nothing of it: the key is the caller's to change.
  handOver(commandId, newKey, { oldKey = this.key, agentId = this.id, forge } = {}) {
    const field = (value) => { const bytes = Buffer.from(value); const size = Buffer.alloc(4); size.writeUInt32LE(bytes.length); return Buffer.concat([size, bytes]); };
    const body = Buffer.concat([agentId, commandId, oldKey.publicKey, newKey.publicKey].map(field));
    const byOld = Buffer.from(oldKey.sign(Buffer.concat([Buffer.from('redflag-key-handover-v1\0'), body])));
    const byNew = newKey.sign(Buffer.concat([Buffer.from('redflag-key-takeover-v1\0'), field(body), field(byOld)]));
    return this.post('/agent/v1/key', JSON.stringify({ handover: { body: base64(body), by_old: base64(byOld), by_new: base64(byNew) } }), { forge });
  }

  take(answer) {
    if (answer.status !== 200) throw new Error(`renewal: ${answer.status} ${answer.body}`);
    Object.assign(this, { token: answer.json.access_token, refreshToken: answer.json.refresh_token, number: this.number + 1 });
  }

  copyKey(other) {
    this.key = other.key;
    return this;
  }
}
