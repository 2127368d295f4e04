// The TUF client against repositories that another implementation makes: `redflag-agent tuf`, over HTTP.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { cleanUp, Program, program, runToEnd, temporaryFolder } from './lib/processes.mjs';
import { inDays, keyKinds, Signer, TufRepository } from './lib/tuf_repository.mjs';

let repository;

class Client {
  constructor(trusted) {
    this.folder = temporaryFolder('tuf');
    this.metadata = path.join(this.folder, 'metadata');
    this.targets = path.join(this.folder, 'targets');
    fs.writeFileSync(path.join(this.folder, 'first.json'), trusted);
  }

  async run(...argv) {
    const env = { PATH: process.env.PATH, ...this.env };
    const run = new Program('tuf', [program('redflag-agent'), 'tuf', '--metadata-dir', this.metadata, ...argv], { env });
    const { code } = await run.ended;
    return { code, text: run.output };
  }

  init() {
    return this.run('init', path.join(this.folder, 'first.json'));
  }

  refresh(url = `${repository.url}/metadata`) {
    repository.asked = [];
    return this.run('--metadata-url', url, 'refresh');
  }

  download(name) {
    repository.asked = [];
    return this.run('--metadata-url', `${repository.url}/metadata`, '--target-name', name,
      '--target-base-url', `${repository.url}/targets`, '--target-dir', this.targets, 'download');
  }

  version(role) {
    const file = path.join(this.metadata, `${role}.json`);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).signed.version : 0;
  }
}

let client;

async function begin(kind) {
  repository?.close();
  repository = new TufRepository(kind);
  await repository.listen();
  client = new Client(repository.files.get('/metadata/1.root.json'));
  await accepted(client.init());
}

async function accepted(result) {
  const { code, text } = await result;
  assert.equal(code, 0, text);
  return text.trim();
}

async function refused(result, reason) {
  const { code, text } = await result;
  assert.equal(code, 1, text);
  assert.match(text, reason);
}

beforeEach(() => begin());
afterEach(() => {
  repository.close();
  repository = undefined;
});
after(cleanUp);

test('it fetches the four roles in order, and then only what may be new', async () => {
  await accepted(client.refresh());
  assert.deepEqual(repository.asked,
    ['/metadata/2.root.json', '/metadata/timestamp.json', '/metadata/1.snapshot.json', '/metadata/1.targets.json']);
  await accepted(client.refresh());
  assert.deepEqual(repository.asked, ['/metadata/2.root.json', '/metadata/timestamp.json']);
  assert.deepEqual(fs.readdirSync(client.metadata).sort(), ['root.json', 'snapshot.json', 'targets.json', 'timestamp.json']);
});

for (const kind of keyKinds) {
  test(`keys of the kind ${kind} are believed, and root goes from one of them to the next`, async () => {
    await begin(kind);
    repository.addTarget('a', 'content');
    repository.rotate('root', kind);
    repository.rotate('targets', 'ed25519');
    repository.publishNext();
    assert.equal(fs.readFileSync(await accepted(client.download('a')), 'utf8'), 'content');
    assert.equal(client.version('root'), 3);
    repository.bump('targets', 'snapshot', 'timestamp');
    repository.signers.snapshot = [new Signer(kind)];
    repository.publish();
    await refused(client.refresh(), /snapshot: signed by 0 of its keys/);
  });
}

test('a root that the old keys, or its own, did not sign is refused', async () => {
  const before = repository.signers.root;
  const next = new Signer();
  repository.signed.root.roles.root.keyIDs = [];
  repository.signed.root.addKey(next.key, 'root');
  repository.bump('root');
  for (const signers of [[next], before]) {
    repository.publishRoot(signers);
    await refused(client.refresh(), /signed by 0 of its keys/);
    assert.equal(client.version('root'), 1);
  }
  repository.publishRoot([...before, next]);
  await accepted(client.refresh());
});

test('C5: thresholds count keys, not signatures', async () => {
  const kinds = ['ed25519', 'ecdsa', 'rsa'].map((kind) => new Signer(kind));
  const { root } = repository.signed;
  for (const { key } of kinds) root.addKey(key, 'targets');
  root.roles.targets.threshold = 3;
  repository.bump('root');
  repository.publishRoot();
  repository.signers.targets = kinds.slice(0, 2);
  repository.publishNext();
  await refused(client.refresh(), /targets: signed by 2 of its keys, expected 3/);
  const twice = JSON.parse(repository.files.get('/metadata/2.targets.json'));
  twice.signatures.push(twice.signatures[0], twice.signatures[1]);
  repository.text = (role) => (role === 'targets' ? Buffer.from(JSON.stringify(twice)) : TufRepository.prototype.text.call(repository, role));
  repository.bump('snapshot', 'timestamp');
  repository.publish();
  await refused(client.refresh(), /targets: signed by 2 of its keys, expected 3/);
  delete repository.text;
  repository.signers.targets = kinds;
  repository.publishNext();
  await accepted(client.refresh());
});

test('C1: older metadata is refused', async () => {
  const old = repository.files.get('/metadata/timestamp.json');
  repository.publishNext();
  await accepted(client.refresh());
  repository.files.set('/metadata/timestamp.json', old);
  await refused(client.refresh(), /timestamp has version 1, but 2 was there already/);
  repository.signed.targets.version = 1;
  repository.bump('snapshot', 'timestamp');
  repository.publish();
  await refused(client.refresh(), /targets\.json has version 1, but 2 was there already/);
  assert.equal(client.version('snapshot'), 2);
});

test('C2: what has expired is refused, for every role', async () => {
  await accepted(client.refresh());
  for (const role of ['targets', 'snapshot', 'timestamp']) {
    repository.signed[role].expires = inDays(-1);
    repository.publishNext();
    await refused(client.refresh(), new RegExp(`${role} version \\d+ expired`));
    repository.signed[role].expires = inDays(30);
  }
  repository.signed.root.expires = inDays(-1);
  repository.bump('root');
  repository.publishRoot();
  await refused(client.refresh(), /root version 2 expired/);
});

test('C3: after keys were rotated, versions that were driven up bind nobody', async () => {
  for (const rotated of ['timestamp', 'snapshot']) {
    await begin();
    for (const role of ['timestamp', 'snapshot', 'targets']) repository.signed[role].version = 2_000_000_000;
    repository.publish();
    await accepted(client.refresh());
    for (const role of ['timestamp', 'snapshot', 'targets']) repository.signed[role].version = 2;
    repository.publish();
    await refused(client.refresh(), /was there already/);
    repository.rotate(rotated);
    repository.publish();
    await accepted(client.refresh());
    assert.equal(client.version('timestamp'), 2);
  }
});

test('C4: documents of different states are not mixed', async () => {
  repository.publishNext();
  repository.files.set('/metadata/2.snapshot.json', repository.files.get('/metadata/1.snapshot.json'));
  await refused(client.refresh(), /snapshot: /);
  repository.publishNext();
  repository.files.set('/metadata/3.targets.json', repository.files.get('/metadata/2.targets.json'));
  await refused(client.refresh(), /targets: its sha256|targets: has \d+ bytes/);
});

test('targets come by hash, from delegated roles, and only once', async () => {
  repository.delegate('targets', 'releases/linux', { paths: ['linux/*'], terminating: true });
  repository.delegate('targets', 'late', { paths: ['*', 'linux/*'] });
  const file = repository.addTarget('linux/a gent.deb', 'content', 'releases/linux');
  repository.addTarget('linux/other', 'not theirs', 'late');
  repository.publishNext();
  const there = await accepted(client.download('linux/a gent.deb'));
  assert.equal(there, path.join(client.targets, 'linux%2Fa%20gent.deb'));
  assert.equal(fs.readFileSync(there, 'utf8'), 'content');
  assert.deepEqual(repository.asked.slice(-2), ['/metadata/1.releases%2Flinux.json', encodeURI(file)]);
  await accepted(client.download('linux/a gent.deb'));
  assert.deepEqual(repository.asked, ['/metadata/2.root.json', '/metadata/timestamp.json']);
  await refused(client.download('linux/other'), /no target/);
  assert.ok(!repository.asked.some((url) => url.includes('late')), 'the terminating delegation ends the search');
});

test('C6: endless, slow and lying answers end, and leave nothing', async () => {
  const cases = {
    endless: [(request, response) => {
      const send = () => { while (response.write('y'.repeat(65_536))); };
      response.on('drain', send);
      send();
    }, /longer than/],
    'more than it was to be': [(request, response, content) => response.end(Buffer.concat([content, content])), /announces 200000 bytes/],
    'shorter than announced': [(request, response, content) => {
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 1000), () => response.destroy());
    }, /cut short|no message|reset/i],
    'announced shorter than it is': [(request, response, content) => {
      response.socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'), content]));
    }, /has 10 bytes, expected 100000/],
    slow: [(request, response) => {
      const timer = setInterval(() => response.write('x'), 200);
      response.on('close', () => clearInterval(timer));
    }, /too slowly/],
    'slow to begin': [(request, response) => {
      const timer = setInterval(() => response.socket.write(response.begun ? 'x' : ((response.begun = true), 'HTTP/1.1 200 OK\r\nX-Long: ')), 200);
      response.on('close', () => clearInterval(timer));
    }, /too slowly/],
  };
  // All at once, each of another client: what is slow takes as long as one.
  const each = Object.entries(cases).map(([name, [answer, reason]], number) => ({ name, answer, reason, target: `a${number}` }));
  const files = each.map(({ target }) => repository.addTarget(target, 'x'.repeat(100_000)));
  repository.publishNext();
  each.forEach(({ answer }, number) => repository.answers.set(files[number], answer));
  await Promise.all(each.map(async ({ name, reason, target }) => {
    const one = new Client(repository.files.get('/metadata/1.root.json'));
    await accepted(one.init());
    const begun = Date.now();
    await refused(one.download(target), reason);
    assert.ok(Date.now() - begun < 60_000, name);
    assert.deepEqual(fs.existsSync(one.targets) ? fs.readdirSync(one.targets) : [], [], name);
  }));
  repository.answers.clear();
  await accepted(client.download(each[0].target));
});

test('C6: endless metadata ends, too', async () => {
  for (const name of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
    repository.answers.set(`/metadata/${name}`, (request, response) => {
      const send = () => { while (response.write('{'.repeat(65_536))); };
      response.on('drain', send);
      send();
    });
    await refused(client.refresh(), /longer than/);
    repository.answers.clear();
  }
  await accepted(client.refresh());
});

test('plain http is for this machine alone, and an error of the server is no missing root', async () => {
  await refused(client.refresh('http://192.0.2.1/metadata'), /expected https/);
  await refused(client.refresh('ftp://127.0.0.1/metadata'), /expected an address/);
  repository.answers.set('/metadata/2.root.json', (request, response) => response.writeHead(500).end());
  await refused(client.refresh(), /status 500/);
  repository.answers.set('/metadata/2.root.json', (request, response) => response.writeHead(302, { Location: '/metadata/1.root.json' }).end());
  await refused(client.refresh(), /status 302/);
});

test('https wants a certificate of an authority that this machine trusts', async () => {
  const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => path.join(client.folder, name));
  runToEnd(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key,
    '-out', certificate, '-days', '2', '-subj', '/CN=repository', '-addext', 'subjectAltName=IP:127.0.0.1']);
  repository.close();
  await repository.listen({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate) });
  await refused(client.refresh(), /certificate is refused/);
  assert.deepEqual(repository.asked, []);
  client.env = { SSL_CERT_FILE: certificate };
  await accepted(client.refresh());
  await refused(client.refresh(`${repository.url.replace('127.0.0.1', 'localhost')}/metadata`), /certificate is refused/);
});
