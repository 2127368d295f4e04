// A Debian root for apt, with a signed repository of its own, for the table of command types.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository, runToEnd, temporaryFolder } from './processes.mjs';

export class AptMachine {
  manager = 'apt';
  update = { name: 'redflag-demo-lib', arch: 'all', from: '2.0', to: '2.1' };
  // One that would fail if it were installed.
  other = { name: 'redflag-demo-broken', arch: 'all', from: '1.0', to: '1.1' };

  constructor(name) {
    this.folder = temporaryFolder(`${name}-root`);
    this.root = path.join(this.folder, 'root');
    this.lists = path.join(this.root, 'var/lib/apt/lists');
  }

  make() {
    runToEnd([path.join(repository, 'scripts/make-sandbox'), this.folder]);
  }

  settings(scratch) {
    return { root: this.root, cache_dir: path.join(scratch, 'apt-cache') };
  }

  installed({ name }) {
    return runToEnd(['dpkg-query', `--admindir=${this.root}/var/lib/dpkg`, '-W', '-f', '${Version}', name], { allowFailure: true }).stdout;
  }

  // "name version" of each, by apt itself.
  upgradable() {
    const { stdout } = runToEnd(['apt', '-o', `Dir=${this.root}`, '-o', `Dir::State::status=${this.root}/var/lib/dpkg/status`,
      '-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache=', 'list', '--upgradable']);
    return [...stdout.matchAll(/^([^/\n]+)\/\S+ (\S+) \S+ \[upgradable from/gm)].map(([, name, version]) => `${name} ${version}`).sort();
  }

  // What apt fetches from a folder are links to it, which a sealed scanner may not follow: nothing else comes after this.
  refresh = {
    before: () => {
      for (const name of fs.readdirSync(this.lists)) fs.rmSync(path.join(this.lists, name), { recursive: true });
      fs.mkdirSync(path.join(this.lists, 'partial'));
    },
    after: ({ results }) => {
      assert.ok(results[0].sources.length >= 2 && results[0].sources.every(({ status }) => status === 'fetched'), JSON.stringify(results));
      assert.ok(fs.readdirSync(this.lists).some((name) => name.endsWith('InRelease')));
    },
  };
}
