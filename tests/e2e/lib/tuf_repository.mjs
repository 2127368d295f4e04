// A TUF repository made by another implementation (@tufjs/models, Node's own crypto), and a web server for it that can misbehave.
import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import { repository } from './processes.mjs';

const require = createRequire(path.join(repository, 'server/web/package.json'));
const { Key, MetaFile, Metadata, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } = require('@tufjs/models');

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const pem = (key) => key.export({ type: 'spki', format: 'pem' });
export const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z/, 'Z');

const kinds = {
  ed25519: {
    generate: () => crypto.generateKeyPairSync('ed25519'),
    public: (key) => key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex'),
    sign: (bytes, key) => crypto.sign(null, bytes, key),
    keyType: 'ed25519', scheme: 'ed25519',
  },
  ecdsa: {
    generate: () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    public: pem,
    sign: (bytes, key) => crypto.sign('sha256', bytes, key),
    keyType: 'ecdsa', scheme: 'ecdsa-sha2-nistp256',
  },
  rsa: {
    generate: () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
    public: pem,
    sign: (bytes, key) => crypto.sign('sha256', bytes, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
    keyType: 'rsa', scheme: 'rsassa-pss-sha256',
  },
};
kinds['ecdsa-sha2-nistp256'] = {
  ...kinds.ecdsa,
  public: (key) => key.export({ type: 'spki', format: 'der' }).subarray(-65).toString('hex'),
  keyType: 'ecdsa-sha2-nistp256',
};
export const keyKinds = Object.keys(kinds);

export class Signer {
  constructor(kind = 'ed25519') {
    const { generate, public: text, sign, keyType, scheme } = kinds[kind];
    const { publicKey, privateKey } = generate();
    const keyVal = { public: text(publicKey) };
    this.key = new Key({ keyID: sha256(JSON.stringify(keyVal)), keyType, scheme, keyVal });
    this.sign = (bytes) => new Signature({ keyID: this.key.keyID, sig: sign(bytes, privateKey).toString('hex') });
  }
}

const kTop = ['root', 'timestamp', 'snapshot', 'targets'];

export class TufRepository {
  constructor(kind = 'ed25519') {
    const common = () => ({ specVersion: '1.0.31', version: 1, expires: inDays(30) });
    this.signers = Object.fromEntries(kTop.map((role) => [role, [new Signer(kind)]]));
    this.signed = {
      root: new Root({ ...common(), consistentSnapshot: true }),
      targets: new Targets(common()),
      snapshot: new Snapshot(common()),
      timestamp: new Timestamp(common()),
    };
    for (const role of kTop) for (const signer of this.signers[role]) this.signed.root.addKey(signer.key, role);
    this.files = new Map(); // by path, as the server has them
    this.publishRoot();
    this.publish();
  }

  text(role, signers = this.signers[role]) {
    const metadata = new Metadata(this.signed[role]);
    for (const signer of signers) metadata.sign((bytes) => signer.sign(bytes));
    return Buffer.from(JSON.stringify(metadata.toJSON()));
  }

  bump(...roles) {
    for (const role of roles) this.signed[role].version += 1;
  }

  publishRoot(signers = this.signers.root) {
    this.files.set(`/metadata/${this.signed.root.version}.root.json`, this.text('root', signers));
  }

  // A root of the next version with another key for this role.
  rotate(role, kind = 'ed25519') {
    const before = this.signers.root;
    const { root } = this.signed;
    root.roles[role].keyIDs = [];
    this.signers[role] = [new Signer(kind)];
    root.addKey(this.signers[role][0].key, role);
    this.bump('root');
    this.publishRoot(role === 'root' ? [...before, ...this.signers.root] : before);
  }

  meta(role) {
    const text = this.text(role);
    this.files.set(`/metadata/${this.signed[role].version}.${encodeURIComponent(role)}.json`, text);
    return new MetaFile({ version: this.signed[role].version, length: text.length, hashes: { sha256: sha256(text) } });
  }

  publish() {
    for (const role of Object.keys(this.signed)) {
      if (role === 'targets' || !kTop.includes(role)) this.signed.snapshot.meta[`${role}.json`] = this.meta(role);
    }
    this.signed.timestamp.snapshotMeta = this.meta('snapshot');
    this.publishTimestamp();
  }

  publishTimestamp() {
    this.files.set('/metadata/timestamp.json', this.text('timestamp'));
  }

  publishNext() {
    this.bump('timestamp', 'snapshot', 'targets');
    this.publish();
  }

  addTarget(name, content, role = 'targets') {
    const bytes = Buffer.from(content);
    this.signed[role].addTarget(new TargetFile({ path: name, length: bytes.length, hashes: { sha256: sha256(bytes) } }));
    const file = `/targets/${path.posix.join(path.posix.dirname(name), `${sha256(bytes)}.${path.posix.basename(name)}`)}`;
    this.files.set(file, bytes);
    return file;
  }

  delegate(parent, name, rule) {
    this.signers[name] ??= [new Signer()];
    this.signed[name] ??= new Targets({ specVersion: '1.0.31', version: 1, expires: inDays(30) });
    const json = this.signed[parent].toJSON();
    json.delegations ??= { keys: {}, roles: [] };
    const role = { name, keyids: [], threshold: 1, terminating: false, ...rule };
    for (const { key } of this.signers[name]) {
      json.delegations.keys[key.keyID] = key.toJSON();
      role.keyids.push(key.keyID);
    }
    json.delegations.roles.push(role);
    this.signed[parent] = Targets.fromJSON(json);
  }

  // `this.answers` may hold (request, response, content) for a path: to misbehave.
  // `tls`: key and certificate.
  async listen(tls) {
    this.asked = [];
    this.answers = new Map();
    const answer = (request, response) => {
      this.asked.push(request.url);
      const name = decodeURI(request.url);
      const content = this.files.get(name) ?? this.files.get(request.url);
      const misbehave = this.answers.get(name);
      if (misbehave) misbehave(request, response, content);
      else if (content) response.end(content);
      else response.writeHead(404).end();
    };
    this.server = tls ? https.createServer(tls, answer) : http.createServer(answer);
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http${tls ? 's' : ''}://127.0.0.1:${this.server.address().port}`;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
