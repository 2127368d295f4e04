// A root for dnf with a real rpm database and a repository made by createrepo_c, for the table of command types;
// tests/plugins/dnf/dnf_root.cpp makes the same for tests in C++.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { runToEnd, temporaryFolder, until } from './processes.mjs';

// Debian's rpm and dnf keep the database in root's home; the root's .rpmdb leads to where all others have it.
const env = { PATH: process.env.PATH, HOME: '/root', LC_ALL: 'C.UTF-8' };

export class DnfMachine {
  manager = 'dnf';
  update = { name: 'redflag-demo-lib', arch: 'noarch', from: '2.0-1', to: '2.1-1' };
  other = { name: 'redflag-demo-tool', arch: 'noarch', from: '1.0-1', to: '1.1-1' };
  broker = true;  // scans run as a user without rights

  constructor(name) {
    this.folder = temporaryFolder(`${name}-root`);
    this.root = path.join(this.folder, 'root');
    this.repository = path.join(this.folder, 'repository');
  }

  make() {
    for (const folder of ['etc/dnf', 'etc/yum.repos.d', 'var/lib/rpm', 'var/cache/dnf', 'root']) fs.mkdirSync(path.join(this.root, folder), { recursive: true });
    fs.symlinkSync('../var/lib/rpm', path.join(this.root, 'root/.rpmdb'));
    fs.writeFileSync(path.join(this.root, 'etc/dnf/dnf.conf'), '[main]\ngpgcheck=1\n');
    fs.writeFileSync(path.join(this.root, 'etc/os-release'), 'ID=test\nPLATFORM_ID="platform:el9"\n');
    fs.writeFileSync(path.join(this.root, 'etc/yum.repos.d/base.repo'), `[base]\nname=base\nbaseurl=file://${this.repository}\ngpgcheck=0\n`);
    const old = this.build({ 'redflag-demo-lib': '2.0', 'redflag-demo-tool': '1.0' });
    runToEnd(['rpm', '--root', this.root, '-i', '--nodeps', ...old], { env });
    // The older one is still offered, so that one can go back.
    this.offer(old[0], ...this.build({ 'redflag-demo-lib': '2.1', 'redflag-demo-tool': '1.1' }));
    this.dnf('makecache');
  }

  // Packages of one file each, which says the version; their files in the order of the names.
  build(versions) {
    const work = fs.mkdtempSync(path.join(this.folder, 'build-'));
    const each = (part) => Object.entries(versions).map(([name, version]) => part(name, version)).join('');
    fs.writeFileSync(path.join(work, 'packages.spec'), 'Name: redflag-demo\nVersion: 1\nRelease: 1\nSummary: test\nLicense: MIT\nBuildArch: noarch\n%description\ntest\n' +
      each((name, version) => `%package -n ${name}\nVersion: ${version}\nSummary: test\n%description -n ${name}\ntest\n`) +
      `%install\n${each((name, version) => `mkdir -p %{buildroot}/usr/share/${name}\necho ${version} > %{buildroot}/usr/share/${name}/version\n`)}` +
      each((name) => `%files -n ${name}\n/usr/share/${name}\n`));
    runToEnd(['rpmbuild', '-bb', '--quiet', '--define', `_topdir ${work}`, '--define', `_rpmdir ${work}`, path.join(work, 'packages.spec')], { env });
    return Object.entries(versions).map(([name, version]) => path.join(work, `noarch/${name}-${version}-1.noarch.rpm`));
  }

  offer(...packages) {
    fs.mkdirSync(this.repository, { recursive: true });
    for (const file of packages) fs.copyFileSync(file, path.join(this.repository, path.basename(file)));
    runToEnd(['createrepo_c', '--quiet', '--no-database', this.repository], { env });
  }

  dnf(...words) {
    return runToEnd(['dnf', `--installroot=${this.root}`, '--noplugins', ...words], { env, allowFailure: true });
  }

  settings() {
    return { root: this.root };
  }

  // By rpm's database, and by the package's own file.
  installed({ name }) {
    const version = runToEnd(['rpm', '--root', this.root, '-q', '--qf', '%{VERSION}-%{RELEASE}', name], { env, allowFailure: true }).stdout;
    assert.equal(`${fs.readFileSync(path.join(this.root, `usr/share/${name}/version`), 'utf8').trim()}-1`, version);
    return version;
  }

  // "name version" of each, by dnf itself.
  upgradable() {
    const { status, stdout } = this.dnf('-C', '-q', 'check-update');
    assert.ok(status === 0 || status === 100, stdout);
    return [...stdout.matchAll(/^(\S+)\.\w+ +(\S+) +\S+ *$/gm)].map(([, name, version]) => `${name} ${version}`).sort();
  }

  refresh = {
    before: () => {
      this.offer(...this.build({ 'redflag-demo-lib': '2.2' }));
      assert.deepEqual(this.upgradable(), ['redflag-demo-lib 2.1-1', 'redflag-demo-tool 1.1-1'], 'dnf has not heard of it');
    },
    after: async ({ results }, desk) => {
      assert.deepEqual(results[0].sources, [{ source: 'base', status: 'fetched', text: '' }]);
      assert.deepEqual(this.upgradable(), ['redflag-demo-lib 2.2-1', 'redflag-demo-tool 1.1-1']);
      // The machine looks again by itself.
      await until(() => desk.row(this.update.name, 'available')?.candidate_version === '2.2-1', 'the newer one to be offered', 60_000);
      assert.equal(desk.row(this.update.name, 'superseded').candidate_version, '2.1-1');
    },
  };
}
