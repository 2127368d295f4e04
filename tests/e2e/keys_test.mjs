// The trust root from the offline keys to a client of another implementation: `redflag-server keys …`, what the server signs
// and serves of it, tuf-js and our own client.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cleanUp, Program, program, repository, runToEnd, temporaryFolder, until } from './lib/processes.mjs';

const require = createRequire(path.join(repository, 'server/web/package.json'));
const { Updater } = require('tuf-js');

const folder = temporaryFolder('keys');
const data = path.join(folder, 'server');
const keys = path.join(folder, 'keys');
const trust = path.join(data, 'trust');
const passphrase = 'correct horse battery';
let server;
let files;
let first;

const serverProgram = (...argv) => runToEnd([program('redflag-server'), ...argv]).stdout;
// As many passphrases as are asked for.
const ceremony = (...argv) => runToEnd([program('redflag-server'), 'keys', ...argv, '--keys', keys, '--passphrase-fd', '0'],
  { input: `${passphrase}\n`.repeat(8) }).stdout;
const offline = (...argv) => serverProgram('keys', ...argv, '--keys', keys);
const state = () => JSON.parse(offline('show', '--format', 'json'));
const keysOf = (role) => state().roles[role].keys.map((key) => key.key_id);

function describeServer() {
  const file = path.join(folder, 'server.json');
  fs.writeFileSync(file, serverProgram('keys', 'server', '--data', data));
  return file;
}

function publish() {
  ceremony('sign');
  offline('publish', trust);
}

async function serve() {
  fs.rmSync(path.join(data, 'server.url'), { force: true });
  server = new Program('server', [program('redflag-server'), 'serve', '--data', data, '--listen', '127.0.0.1:0', '--web', path.join(folder, 'none')]);
  await until(() => fs.existsSync(path.join(data, 'server.url')), 'the server to listen', 20_000, () => server.output);
  return fs.readFileSync(path.join(data, 'server.url'), 'utf8').trim();
}

// Serves, and so signs snapshot and timestamp, once.
async function signOnline() {
  await serve();
  await server.stop();
}

// The other implementation, beginning at the first root.
async function updater(name) {
  const own = path.join(folder, name);
  fs.mkdirSync(path.join(own, 'targets'), { recursive: true });
  fs.writeFileSync(path.join(own, 'root.json'), first);
  const url = `http://127.0.0.1:${files.address().port}`;
  return new Updater({ metadataDir: own, metadataBaseUrl: `${url}/metadata`, targetDir: path.join(own, 'targets'), targetBaseUrl: `${url}/targets` });
}

async function commandsSeenBy(client) {
  await client.refresh();
  const info = await client.getTargetInfo('trust/commands.json');
  return JSON.parse(fs.readFileSync(await client.downloadTarget(info), 'utf8'));
}

before(async () => {
  serverProgram('init', '--data', data);
  ceremony('init', '--server', describeServer());
  publish();
  first = fs.readFileSync(path.join(trust, 'metadata/1.root.json'));
  files = http.createServer((request, response) => {
    const file = path.join(trust, decodeURI(request.url));
    if (fs.existsSync(file)) response.end(fs.readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => files.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  files?.close();
  files?.closeAllConnections();
  await cleanUp();
});

test('another implementation believes what was signed offline and online', async () => {
  await signOnline();
  const list = await commandsSeenBy(await updater('plain'));
  const known = JSON.parse(fs.readFileSync(path.join(folder, 'server.json'), 'utf8'));
  assert.deepEqual(list.keys.map((key) => key.public_key), [known.command]);
  assert.deepEqual(list.urls, known.urls);
  assert.equal(list.restore_epoch, 0);
});

test('it follows new keys, thresholds and lists from the first root on', async () => {
  const [root] = keysOf('root');
  const [targets] = keysOf('targets');
  ceremony('add', 'targets');
  offline('threshold', 'targets', '2');
  publish();
  ceremony('rotate', 'root', root);
  ceremony('rotate', 'targets', targets);
  publish();
  offline('commands', '--restore-epoch', '3', '--revoke', state().commands.keys[0].key_id);
  publish();
  assert.ok(!keysOf('root').includes(root) && !keysOf('targets').includes(targets));
  await signOnline();
  const list = await commandsSeenBy(await updater('rotated'));
  assert.deepEqual(list.keys, []);
  assert.equal(list.restore_epoch, 3);
  offline('commands', '--add', describeServer(), '--days', '10');
  publish();
});

test('the server serves it to everybody, and signs it again by itself', async () => {
  const url = await serve();
  const metadata = path.join(folder, 'agent');
  const agent = (...argv) => runToEnd([program('redflag-agent'), 'tuf', '--metadata-dir', metadata, ...argv],
    { env: { PATH: process.env.PATH, SSL_CERT_FILE: path.join(data, 'ca.pem') } }).stdout.trim();
  fs.writeFileSync(path.join(folder, 'first.json'), first);
  agent('init', path.join(folder, 'first.json'));
  const file = agent('--metadata-url', `${url}/trust/metadata`, '--target-base-url', `${url}/trust/targets`,
    '--target-name', 'trust/commands.json', '--target-dir', path.join(folder, 'got'), 'download');
  assert.equal(JSON.parse(fs.readFileSync(file, 'utf8')).keys.length, 1);
  const refused = runToEnd([program('redflag-agent'), 'tuf', '--metadata-dir', metadata, '--metadata-url', `${url}/trust/metadata`,
    '--target-base-url', `${url}/trust/targets`, '--target-name', '../keys/command.key', '--target-dir', path.join(folder, 'got'), 'download'],
    { allowFailure: true, env: { PATH: process.env.PATH, SSL_CERT_FILE: path.join(data, 'ca.pem') } });
  assert.equal(refused.status, 1);
  for (const address of ['/trust/metadata/..%2f..%2fkeys%2fcommand.key', '/trust/metadata/%2e%2e/keys/command.key', '/trust/targets/../../keys/command.key']) {
    const answer = runToEnd(['curl', '-sk', '--path-as-is', '-w', '%{http_code}', '-o', '/dev/null', url + address]).stdout;
    assert.match(answer, /^4\d\d$/, address);
  }
  await server.stop();
});

test('a backup has it, and the restored server goes on with it', async () => {
  const archive = path.join(folder, 'backup');
  serverProgram('backup', '--data', data, '--to', archive);
  const list = await commandsSeenBy(await updater('before'));
  fs.rmSync(path.join(trust, 'metadata'), { recursive: true });
  serverProgram('restore', '--data', data, '--from', archive);
  await signOnline();
  assert.deepEqual(await commandsSeenBy(await updater('after')), list);
});

test('a key folder is refused where its passphrase is wrong, missing, or nobody can be asked', () => {
  offline('renew', 'targets', '--days', '5');
  const sign = (input) => runToEnd([program('redflag-server'), 'keys', 'sign', '--keys', keys, '--passphrase-fd', '0'], { input, allowFailure: true });
  assert.match(sign('not the passphrase at all\n').stderr, /wrong passphrase/);
  assert.match(sign('').stderr, /a passphrase is missing/);
  const nobody = runToEnd(['setsid', '-w', program('redflag-server'), 'keys', 'sign', '--keys', keys], { allowFailure: true });
  assert.match(nobody.stderr, /no terminal/);
  assert.equal(state().targets.signatures, 0);
});
