// A container from its registry to the technician and back: scanned as the scanners' user through the broker, approved, planned in a
// sealed host, made anew by the executor, and verified by a second scan. On an engine and a registry of this test's own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, Program, runToEnd, until } from './lib/processes.mjs';

after(cleanUp);

const freePort = () => new Promise((resolve) => {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

// Root's own: scanners have neither the socket nor anything below.
class Engine {
  constructor(folder) {
    this.folder = path.join(folder, 'engine');
    fs.mkdirSync(this.folder, { mode: 0o700 });
    this.socket = path.join(this.folder, 'docker.sock');
  }

  async start() {
    this.registry = `127.0.0.1:${await freePort()}`;
    const config = path.join(this.folder, 'registry.yml');
    fs.writeFileSync(config, `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${this.folder}/registry}}\n` +
      `http: {addr: "${this.registry}"}\n`);
    this.processes = [
      new Program('registry', ['docker-registry', 'serve', config]),
      new Program('dockerd', ['dockerd', '--iptables=false', '--ip-masq=false', '--ip-forward=false', '--bridge=none',
        '--storage-driver=vfs', `--data-root=${this.folder}/data`, `--exec-root=${this.folder}/exec`,
        `--pidfile=${this.folder}/pid`, `--host=unix://${this.socket}`], { log: path.join(this.folder, 'dockerd.log') }),
    ];
    await until(() => fs.existsSync(this.socket), 'the engine', 30_000);
  }

  docker(...words) {
    return runToEnd(['docker', '--config', path.join(this.folder, 'client'), '--host', `unix://${this.socket}`, ...words]).stdout.trim();
  }

  publish(name, version) {
    const root = path.join(this.folder, 'rootfs');
    fs.mkdirSync(root, { recursive: true });
    fs.copyFileSync('/bin/busybox', path.join(root, 'busybox'));
    fs.writeFileSync(path.join(root, 'version'), version);
    runToEnd(['tar', '-C', root, '-cf', `${root}.tar`, '.']);
    this.docker('import', '--change', 'CMD ["/busybox", "sleep", "600"]', `${root}.tar`, name);
    this.docker('push', '--quiet', name);
  }

  async stop() {
    this.docker('rm', '--force', 'web');
    for (const process of this.processes.reverse()) await process.stop();
  }
}

test('an approved image is pulled and its container made anew, and the next scan proves it', async () => {
  const fleet = new Fleet('docker');
  const engine = new Engine(fleet.folder);
  await engine.start();
  const image = `${engine.registry}/shop:stable`;
  engine.publish(image, 'v1');
  engine.docker('run', '--detach', '--network', 'none', '--name', 'web', '--stop-timeout', '1', '--env', 'PASSWORD=hunter2', image);
  engine.docker('image', 'tag', image, 'kept:v1');
  engine.publish(image, 'v2');
  engine.docker('image', 'tag', 'kept:v1', image);
  const before = engine.docker('inspect', '--format', '{{.Id}}', 'web');

  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', `version: 1
mode: act
isolation: require
schedule: {every: 1h, jitter: 0s}
plugins:
  docker: {settings: {socket: "${engine.socket}", settle_s: 1}}
policy:
  allow:
    - {action: docker/install, packages: ["${engine.registry}/*"], when: always}
`, { act: true });
  await agent.startBroker();
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'a scan', (now) => now.plugins.find((plugin) => plugin.id === 'docker')?.last_scan, 60_000);

  const update = async (state) => (await api.get(`/api/v1/updates/rows?name=${encodeURIComponent(image)}${state}`)).items[0];
  const offered = await update('');
  assert.equal(offered.name, image);
  await api.post('/api/v1/approvals', { update_ids: [offered.id] });
  const verified = await until(async () => {
    const row = await update('');
    if (row?.state === 'failed') throw new Error(`it failed: ${JSON.stringify(row.reason)}`);
    return update('&state=verified');
  }, 'the update to be verified', 90_000);
  const command = await api.get(`/api/v1/commands/${verified.command_id}`);
  assert.equal(command.state, 'succeeded');
  assert.notEqual(engine.docker('inspect', '--format', '{{.Id}}', 'web'), before);
  assert.equal(engine.docker('exec', 'web', '/busybox', 'cat', '/version'), 'v2');
  assert.equal(engine.docker('ps', '--all', '--quiet').split('\n').length, 1);
  assert.doesNotMatch(fs.readFileSync(path.join(agent.folder, 'agent.log'), 'utf8'), /hunter2/);
  await agent.process.stop();
  await agent.executor.stop();
  await agent.broker.stop();
  await engine.stop();
});
