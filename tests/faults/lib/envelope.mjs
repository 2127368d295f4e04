// A server in other hands: it has the server's command key and signs whatever it likes. Writes the canonical form of
// sdk/protocol/README.md a second time, sharing no code with the library.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const kNow = () => BigInt(Date.now()) * 1_000_000n;
export const kSecond = 1_000_000_000n;
// The PKCS#8 wrapping of an Ed25519 seed.
const kSeedHead = Buffer.from('302e020100300506032b657004220420', 'hex');

export function ed25519(seed = randomBytes(32)) {
  const key = createPrivateKey({ key: Buffer.concat([kSeedHead, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { sign: (bytes) => sign(null, bytes, key), publicKey: spki.subarray(-32) };
}

export function commandKey(fleet) {
  return ed25519(Buffer.from(fs.readFileSync(path.join(fleet.data, 'keys/command.key'), 'utf8').trim(), 'base64url'));
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const keyId = (key) => sha256(key.publicKey).toString('hex').slice(0, 16);

function text(value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function number(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

function count(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function readBody(body) {
  let at = 0;
  const take = (size) => body.subarray(at, at += size);
  const integer = () => take(8).readBigInt64LE();
  const field = () => Buffer.from(take(take(4).readUInt32LE()));
  const name = () => field().toString();
  const out = { version: integer(), command_id: name(), client_id: name(), agent_id: name(), command_type: name(), actions: [] };
  for (let left = take(4).readUInt32LE(); left > 0; left -= 1) out.actions.push({ plugin: name(), action: name(), parameters: name() });
  return Object.assign(out, {
    plan_hash: field(), restore_epoch: integer(), issued_at: integer(), not_before: integer(), expires_at: integer(), nonce: field(), key_id: name(),
  });
}

export const fieldsOf = (envelope) => readBody(Buffer.from(envelope.body, 'base64'));

export function encode(fields) {
  return Buffer.concat([
    number(fields.version), text(fields.command_id), text(fields.client_id), text(fields.agent_id), text(fields.command_type),
    count(fields.actions.length), ...fields.actions.flatMap((one) => [text(one.plugin), text(one.action), text(one.parameters)]),
    text(fields.plan_hash), number(fields.restore_epoch), number(fields.issued_at), number(fields.not_before),
    number(fields.expires_at), text(fields.nonce), text(fields.key_id)]);
}

export function signBody(body, key) {
  const signature = key.sign(Buffer.concat([Buffer.from('redflag-command-envelope-v1\0'), body]));
  return { version: 1, key_id: keyId(key), body: body.toString('base64'), signature: signature.toString('base64') };
}

// An order of now for an hour, with whatever `changes` say.
export function order(agentId, clientId, key, changes = {}) {
  const now = kNow();
  return signBody(encode({
    version: 1, command_id: `forged-${randomBytes(6).toString('hex')}`, client_id: clientId, agent_id: agentId, command_type: 'scan',
    actions: [{ plugin: 'kernel', action: 'scan', parameters: '{}' }], plan_hash: Buffer.alloc(0), restore_epoch: 0,
    issued_at: now, not_before: now - kSecond, expires_at: now + 3600n * kSecond, nonce: randomBytes(16), key_id: keyId(key), ...changes,
  }), key);
}

// The hash of a plan: sdk/protocol/README.md.
export function planHash(steps) {
  const fields = steps.flatMap((step) => ['operation', 'name', 'arch', 'from', 'to'].map((name) => text(step[name])));
  return sha256(Buffer.concat([Buffer.from('redflag-plan-v1\0'), ...fields]));
}
