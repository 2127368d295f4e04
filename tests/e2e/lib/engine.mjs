// A container engine and a registry of a test's own, which nothing else on the machine meets.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Program, runToEnd, until } from './processes.mjs';

const kSleeps = '["/busybox", "sleep", "600"]';

// Root's own: scanners have neither the socket nor anything below.
export class Engine {
  constructor(folder) {
    this.folder = path.join(folder, 'engine');
    fs.mkdirSync(this.folder, { mode: 0o700 });
    this.socket = path.join(this.folder, 'docker.sock');
  }

  async start() {
    const config = path.join(this.folder, 'registry.yml');
    fs.writeFileSync(config, `version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: ${this.folder}/registry}}\n` +
      'http: {addr: "127.0.0.1:0"}\n');
    const registry = new Program('registry', ['docker-registry', 'serve', config]);
    const dockerd = new Program('dockerd', ['dockerd', '--iptables=false', '--ip-masq=false', '--ip-forward=false', '--bridge=none',
      '--storage-driver=vfs', '--shutdown-timeout=1', `--data-root=${this.folder}/data`, `--exec-root=${this.folder}/exec`,
      `--pidfile=${this.folder}/pid`, `--host=unix://${this.socket}`], { log: path.join(this.folder, 'dockerd.log') });
    this.processes = [registry, dockerd];
    [, this.registry] = await registry.says(/listening on (127\.0\.0\.1:\d+)/);
    await until(() => fs.existsSync(this.socket) && this.ask('version').status === 0, 'the engine', 30_000, () => dockerd.output.slice(-2000));
  }

  ask(...words) {
    return runToEnd(['docker', '--config', path.join(this.folder, 'client'), '--host', `unix://${this.socket}`, ...words], { allowFailure: true });
  }

  docker(...words) {
    const { status, stdout, stderr } = this.ask(...words);
    if (status !== 0) throw new Error(`docker ${words.join(' ')}: exit ${status}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  // Another version into the registry, whose digest it answers. The engine keeps what it had by that name, and does not
  // have the new one.
  publish(name, version, command = kSleeps) {
    const root = path.join(this.folder, 'rootfs');
    fs.mkdirSync(root, { recursive: true });
    fs.copyFileSync('/bin/busybox', path.join(root, 'busybox'));
    fs.writeFileSync(path.join(root, 'version'), version);
    runToEnd(['tar', '-C', root, '-cf', `${root}.tar`, '.']);
    const known = this.docker('image', 'ls', '--quiet', name) !== '';
    if (known) this.docker('image', 'tag', name, 'before:kept');
    const id = this.docker('import', '--change', `CMD ${command}`, `${root}.tar`, name);
    this.docker('push', '--quiet', name);
    const digest = this.digestOf(id);
    if (known) {
      this.docker('image', 'tag', 'before:kept', name);
      this.docker('image', 'rm', 'before:kept');
      this.docker('image', 'rm', '--force', id);
    }
    return digest;
  }

  // A container that a version's image runs, and which has no network.
  run(container, image, ...options) {
    this.docker('run', '--detach', '--network', 'none', '--name', container, '--stop-timeout', '1', ...options, image);
  }

  digestOf(image) {
    return this.docker('image', 'inspect', '--format', '{{index .RepoDigests 0}}', image).split('@')[1];
  }

  inspect(container) {
    return JSON.parse(this.docker('container', 'inspect', container))[0];
  }

  async stop() {
    if (!this.processes) return;
    const left = this.ask('ps', '--all', '--quiet').stdout.trim();
    if (left) this.ask('rm', '--force', ...left.split('\n'));
    for (const process of this.processes.reverse()) await process.stop();
    // Where it was killed instead.
    const mounts = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1]);
    for (const mount of mounts.reverse()) if (mount?.startsWith(`${this.folder}/`)) spawnSync('umount', ['--lazy', mount]);
  }
}
