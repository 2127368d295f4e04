// An engine with two containers whose images have newer versions in a registry, for the table of command types.
import assert from 'node:assert/strict';
import { Engine } from './engine.mjs';
import { temporaryFolder } from './processes.mjs';

const kPlatform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

export class DockerMachine {
  manager = 'docker';
  broker = true;  // the engine's socket is root's

  constructor(name) {
    this.engine = new Engine(temporaryFolder(`${name}-engine`));
  }

  async make() {
    await this.engine.start();
    this.update = this.container('web', 'shop');
    this.other = this.container('diary', 'blog');
  }

  container(container, repository) {
    const name = `${this.engine.registry}/${repository}:stable`;
    const from = this.engine.publish(name, 'v1');
    this.engine.run(container, name);
    return { name, arch: kPlatform, container, from, to: this.engine.publish(name, 'v2') };
  }

  async end() {
    await this.engine.stop();
  }

  settings() {
    return { socket: this.engine.socket, settle_s: 1 };
  }

  // By the engine, and by the file that a process in the container reads.
  installed({ container, from }) {
    const { Image: image, State: state } = this.engine.inspect(container);
    assert.equal(state.Running, true, JSON.stringify(state));
    const digest = this.engine.digestOf(image);
    assert.equal(this.engine.docker('exec', container, '/busybox', 'cat', '/version'), digest === from ? 'v1' : 'v2');
    return digest;
  }

  // "name digest" of each, by the registry, where the engine runs another one.
  async upgradable() {
    const rows = await Promise.all([this.update, this.other].map(async ({ name, container }) => {
      const [, repository, tag] = name.match(/\/(.*):(.*)$/);
      const answer = await fetch(`http://${this.engine.registry}/v2/${repository}/manifests/${tag}`,
        { method: 'HEAD', headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' } });
      const digest = answer.headers.get('docker-content-digest');
      return digest === this.engine.digestOf(this.engine.inspect(container).Image) ? [] : [`${name} ${digest}`];
    }));
    return rows.flat().sort();
  }

  // There are no lists: each scan asks the registries.
  refresh = {
    refused: /^docker\/refresh is not known to this agent: .*does not offer rf\.actions\/1/,
  };

  // The container that was replaced is gone once the new one has proved itself, and is put back while it has not.
  rollback = {
    failed: { code: 'docker.no_rollback', text: /after that there is nothing to put back/ },
    instead: async (desk) => {
      const before = this.engine.inspect('web').Id;
      const broken = this.engine.publish(this.update.name, 'v3', '["/busybox", "false"]');
      await desk.carriedOut('scan', { plugins: ['docker'] });
      const row = desk.row(this.update.name, 'available');
      assert.equal(row.candidate_version, broken);
      const { install } = await desk.approve(row);
      const { reason } = await desk.ended(install, 'failed');
      assert.equal(reason.code, 'docker.put_back');
      assert.equal(this.engine.inspect('web').Id, before, 'the very container');
      assert.equal(this.installed(this.update), this.update.to);
      assert.deepEqual(this.engine.docker('ps', '--all', '--format', '{{.Names}}').split('\n').sort(), ['diary', 'web']);
      assert.equal(desk.done('updates', 'show', row.id).state, 'failed');
    },
  };
}
