// A machine that boots: qemu, without any help of the processor's, so that it runs wherever tests do. It sees this machine's
// loopback as 10.0.2.2. What it writes to its serial console is kept in build/logs, whatever becomes of the test.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { build, Program, repository, runToEnd, temporaryFolder, until } from './processes.mjs';

export const kThisMachine = '10.0.2.2';
const kMakingMs = 15 * 60_000;  // of which nearly all is the first time's

export class Guest {
  constructor(name) {
    this.folder = temporaryFolder(name);
    this.console = path.join(repository, 'build/logs', `${name}-console.log`);
  }

  async make() {
    const making = new Program('scripts/make-guest', [path.join(repository, 'scripts/make-guest'), this.folder],
      { env: { PATH: process.env.PATH, REDFLAG_BUILD: build } });
    await making.says(/Ready: kernel/, kMakingMs);
    await making.ended;
    [this.oldKernel, this.newKernel] = fs.readFileSync(path.join(this.folder, 'kernels'), 'utf8').trim().split(' ');
    await this.serveRepository();
  }

  // As a web server would; apt asks for files by their names.
  async serveRepository() {
    const root = path.join(this.folder, 'repo');
    this.server = http.createServer((request, response) => {
      const file = path.join(root, decodeURIComponent(new URL(request.url, 'http://guest').pathname));
      const found = file.startsWith(`${root}/`) && fs.statSync(file, { throwIfNoEntry: false });
      if (!found || !found.isFile()) return response.writeHead(404).end();
      response.writeHead(200, { 'content-length': found.size });
      return fs.createReadStream(file).pipe(response);
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const from = `http://${kThisMachine}:${this.server.address().port}`;
    this.sources = `deb ${from} stable main\ndeb ${from} stable-security main\n`;
  }

  // `bundle`: what it enrols with, at its first boot alone.
  start(bundle) {
    const first = path.join(this.folder, 'first-boot');
    fs.mkdirSync(first, { mode: 0o700 });
    fs.writeFileSync(path.join(first, 'bundle'), bundle, { mode: 0o600 });
    fs.writeFileSync(path.join(first, 'sources.list'), this.sources);
    runToEnd(['tar', '-C', first, '--owner=0', '--group=0', '-cf', `${first}.tar`, 'bundle', 'sources.list']);
    fs.mkdirSync(path.dirname(this.console), { recursive: true });
    fs.rmSync(this.console, { force: true });
    this.run();
  }

  // Until the machine restarts: that ends this qemu, and another one goes on with the disk. In the same one the new kernel
  // would take minutes to be unpacked, as for each page of memory qemu forgets one by one what it had translated from it.
  run() {
    const disk = (file, more) => ['-drive', `file=${file},format=raw,if=none,${more}`];
    // It ends with the test, however that ends.
    this.process = new Program('qemu', ['setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none',
      '-accel', 'tcg', '-machine', 'pc', '-m', '1024', '-smp', '1', '-rtc', 'base=utc', '-no-reboot',
      '-chardev', `file,id=console,path=${this.console},append=on`, '-serial', 'chardev:console', '-device', 'virtio-rng-pci',
      ...disk(path.join(this.folder, 'disk.img'), 'id=root,cache=unsafe'), '-device', 'virtio-blk-pci,drive=root,bootindex=0',
      ...disk(path.join(this.folder, 'first-boot.tar'), 'id=first,readonly=on'), '-device', 'virtio-blk-pci,drive=first,serial=first-boot',
      '-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile=']);
    this.process.ended.then(() => !this.stopped && /reboot: Restarting system\s*$/.test(this.said()) && this.run());
  }

  said() {
    return fs.existsSync(this.console) ? fs.readFileSync(this.console, 'utf8') : '';
  }

  // Every match on the console so far.
  all(pattern) {
    return [...this.said().matchAll(pattern)];
  }

  boots() {
    return this.all(/GUEST boot=(\S+) kernel=(\S+)/g).map(([, id, kernel]) => ({ id, kernel }));
  }

  async says(pattern, timeoutMs) {
    return until(() => {
      if (this.process.exit) throw new Error(`qemu ended: ${this.process.output.slice(-2000)}`);
      return this.said().match(pattern);
    }, `the guest to say ${pattern}`, timeoutMs, () => this.tail());
  }

  tail() {
    return `${this.said().slice(-4000)}\n(all of it: ${this.console})`;
  }

  stop() {
    this.stopped = true;
    this.server?.close();
    this.server?.closeAllConnections();
  }
}
