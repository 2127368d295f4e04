// A server in other hands signs its trust repository anew: with the online keys that it has, and with keys of its own where
// the offline ones would be needed.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ed25519 } from './envelope.mjs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).toSorted().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

const tufKey = (key) => ({ keytype: 'ed25519', scheme: 'ed25519', keyval: { public: Buffer.from(key.publicKey).toString('hex') } });
const tufId = (key) => sha256(canonical(tufKey(key)));

function signed(body, keys) {
  const bytes = Buffer.from(canonical(body));
  return JSON.stringify({ signed: body, signatures: keys.map((key) => ({ keyid: tufId(key), sig: Buffer.from(key.sign(bytes)).toString('hex') })) });
}

const described = (text, version) => ({ version, length: Buffer.byteLength(text), hashes: { sha256: sha256(text) } });

export class ForgedTrust {
  constructor(fleet) {
    this.folder = path.join(fleet.data, 'trust');
    const online = (name) => ed25519(Buffer.from(fs.readFileSync(path.join(fleet.data, 'keys', `${name}.key`), 'utf8').trim(), 'base64url'));
    this.snapshot = online('snapshot');
    this.timestamp = online('timestamp');
    this.own = ed25519();
    this.time = this.newest('snapshot').version;  // little above the server's, so that what it signs next is newer again
  }

  newest(role) {
    const versions = fs.readdirSync(path.join(this.folder, 'metadata')).map((name) => Number(name.match(`^([0-9]+)[.]${role}[.]json$`)?.[1] ?? 0));
    const text = fs.readFileSync(path.join(this.folder, `metadata/${Math.max(...versions)}.${role}.json`), 'utf8');
    return JSON.parse(text).signed;
  }

  list() {
    const { targets } = this.newest('targets');
    return JSON.parse(fs.readFileSync(path.join(this.folder, `targets/trust/${targets['trust/commands.json'].hashes.sha256}.commands.json`), 'utf8'));
  }

  // What is served when the targets document is this one: snapshot and timestamp really are the server's.
  around(targets, more = {}) {
    const text = typeof targets === 'string' ? targets : signed(targets, [this.own, this.snapshot, this.timestamp]);
    const { version } = JSON.parse(text).signed;
    this.time += 1;
    const expires = new Date(Date.now() + 86_400_000).toISOString().replace(/[.][0-9]+Z/, 'Z');
    const snapshot = signed({ _type: 'snapshot', spec_version: '1.0.31', version: this.time, expires, meta: { 'targets.json': described(text, version) } }, [this.snapshot]);
    const timestamp = signed({ _type: 'timestamp', spec_version: '1.0.31', version: this.time, expires, meta: { 'snapshot.json': described(snapshot, this.time) } }, [this.timestamp]);
    return new Map(Object.entries({
      '/trust/metadata/timestamp.json': timestamp, [`/trust/metadata/${this.time}.snapshot.json`]: snapshot,
      [`/trust/metadata/${version}.targets.json`]: text, ...more }));
  }

  // A list of the attacker's own, in a targets document that no offline key signed; `more`: further targets.
  forgedList(change, more = {}) {
    const list = JSON.stringify({ ...this.list(), ...change });
    const body = this.newest('targets');
    body.version += 1;
    body.targets = { ...body.targets, ...more, 'trust/commands.json': { length: Buffer.byteLength(list), hashes: { sha256: sha256(list) } } };
    return this.around(body, { [`/trust/targets/trust/${sha256(list)}.commands.json`]: list });
  }

  // A next root that gives every role to the attacker, signed with all that the attacker has.
  forgedRoot() {
    const body = this.newest('root');
    body.version += 1;
    body.keys[tufId(this.own)] = tufKey(this.own);
    for (const role of Object.values(body.roles)) Object.assign(role, { keyids: [tufId(this.own)], threshold: 1 });
    return new Map([[`/trust/metadata/${body.version}.root.json`, signed(body, [this.own, this.snapshot, this.timestamp])]]);
  }
}
