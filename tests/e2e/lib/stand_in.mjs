// `shutdown`, `systemctl` and the kernel's boot id, as programs see them that are started under `under`: calls are noted, and
// nothing restarts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './processes.mjs';

export class StandIn {
  constructor() {
    this.folder = temporaryFolder('stand-in');
    this.calls = path.join(this.folder, 'calls');
    this.bootFile = path.join(this.folder, 'boot_id');
    // What systemd keeps while a restart waits.
    this.scheduled = path.join(this.folder, 'shutdown/scheduled');
    this.boots = 0;
    fs.mkdirSync(path.dirname(this.scheduled));
    fs.writeFileSync(path.join(this.folder, 'systemctl'), `#!/bin/sh
echo "$(basename "$0") $*" >> ${this.calls}
case "$(basename "$0") $*" in
  "shutdown -r "*) printf 'WARN_WALL=1\\nMODE=reboot\\n' > ${this.scheduled} ;;
  "shutdown -c") rm -f ${this.scheduled} ;;
esac
case "$*" in
  *"is-active -- good.service" | *"is-active -- slow.service") echo active ;;
  *"is-active -- bad.service") echo failed; exit 3 ;;
  *"restart -- bad.service") echo "Unit bad.service not found." >&2; exit 5 ;;
  *"restart -- slow.service") for i in $(seq 600); do [ -e ${this.folder}/go-on ] && break; sleep 0.1; done ;;
esac
`, { mode: 0o755 });
    fs.writeFileSync(path.join(this.folder, 'enter'), `#!/bin/sh
set -e
mount --bind ${this.folder}/systemctl /usr/bin/systemctl
mkdir -p /run/systemd/shutdown
mount --bind ${path.dirname(this.scheduled)} /run/systemd/shutdown
mount --bind ${this.bootFile} /proc/sys/kernel/random/boot_id
exec "$@"
`, { mode: 0o755 });
    this.forget();
    this.nextBoot();
    // The link `shutdown` leads to systemctl, as everywhere under systemd.
    assert.equal(fs.realpathSync('/usr/sbin/shutdown'), '/usr/bin/systemctl');
    this.under = ['unshare', '--mount', '--propagation', 'private', path.join(this.folder, 'enter')];
  }

  // slow.service is as slow as the test wants, a minute at most.
  letSlowServiceGoOn() {
    fs.writeFileSync(path.join(this.folder, 'go-on'), '');
  }

  called() {
    return fs.readFileSync(this.calls, 'utf8').split('\n').filter(Boolean);
  }

  forget() {
    fs.writeFileSync(this.calls, '');
  }

  // The machine is down now, and up again when its programs are started.
  nextBoot() {
    this.boots += 1;
    this.boot = `${String(this.boots).repeat(8)}-1111-4111-8111-111111111111`;
    fs.writeFileSync(this.bootFile, `${this.boot}\n`);
    fs.rmSync(this.scheduled, { force: true });
  }
}
