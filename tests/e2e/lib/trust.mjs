// The offline keys of a fleet's own trust root.
import fs from 'node:fs';
import path from 'node:path';
import { build, program, runToEnd } from './processes.mjs';

const kPassphrase = 'correct horse battery';

export class TrustRoot {
  // `data`: the server's folder.
  constructor(data, folder) {
    this.data = data;
    this.keys = path.join(folder, 'offline-keys');
    this.serverFile = path.join(folder, 'server-keys.json');
  }

  keysCommand(...argv) {
    return runToEnd([program('redflag-server'), 'keys', ...argv, '--keys', this.keys]).stdout;
  }

  // Passphrases as many as are asked for.
  asking(...argv) {
    return runToEnd([program('redflag-server'), 'keys', ...argv, '--keys', this.keys, '--passphrase-fd', '0'],
      { input: `${kPassphrase}\n`.repeat(8) }).stdout;
  }

  describeServer() {
    fs.writeFileSync(this.serverFile, runToEnd([program('redflag-server'), 'keys', 'server', '--data', this.data]).stdout);
    return this.serverFile;
  }

  // As `keys init`, which keys_test.mjs runs, without what a guess of the passphrase costs.
  make() {
    runToEnd([path.join(build, 'tests/redflag-quick-keys'), this.keys, this.describeServer(), kPassphrase]);
    this.publish();
  }

  publish() {
    this.asking('sign');
    this.keysCommand('publish', path.join(this.data, 'trust'));
  }
}
