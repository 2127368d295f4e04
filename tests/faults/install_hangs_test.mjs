// A maintainer script that never ends, under a real dpkg: at the end of its time the whole group is killed, what dpkg was in the
// middle of is finished by its own repair, and the order has failed, whatever is installed now.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cleanUp, runToEnd, until } from '../e2e/lib/processes.mjs';
import { dpkgState, startAptAgent } from './lib/apt_agent.mjs';

after(cleanUp);

const kName = 'redflag-hangs';
// Hangs once, with a child that hangs as well; mended, it ends.
const kPostinst = `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
[ -e /tmp/hung ] && exit 0
sleep 3600 &
echo $! >/tmp/child
echo $$ >/tmp/hung.part && mv /tmp/hung.part /tmp/hung
wait
`;

// In a repository of its own beside the sandbox's, trusted by its entry.
function offer({ folder: sandbox, root }) {
  const own = path.join(sandbox, 'own');
  fs.mkdirSync(own);
  for (const [version, postinst] of [['1.0', null], ['2.0', kPostinst]]) {
    const tree = path.join(sandbox, `${kName}-${version}`);
    fs.mkdirSync(path.join(tree, 'DEBIAN'), { recursive: true });
    fs.writeFileSync(path.join(tree, 'DEBIAN/control'),
      `Package: ${kName}\nVersion: ${version}\nArchitecture: all\nMaintainer: Test <t@example.org>\nDescription: test\n`);
    if (postinst !== null) fs.writeFileSync(path.join(tree, 'DEBIAN/postinst'), postinst, { mode: 0o755 });
    runToEnd(['dpkg-deb', '--build', '--root-owner-group', tree, path.join(own, `${kName}_${version}_all.deb`)]);
  }
  fs.copyFileSync(path.join(own, `${kName}_1.0_all.deb`), path.join(root, 'tmp/own.deb'));
  runToEnd(['chroot', root, 'dpkg', '-i', '/tmp/own.deb']);
  runToEnd(['sh', '-c', `cd '${own}' && apt-ftparchive packages . >Packages`]);
  fs.appendFileSync(path.join(root, 'etc/apt/sources.list'), `deb [trusted=yes] file:${own} ./\n`);
  runToEnd(['apt-get', '-qq', '-o', `Dir=${root}`, '-o', `Dir::State::status=${root}/var/lib/dpkg/status`, '-o', 'APT::Sandbox::User=root', 'update']);
  runToEnd(['chmod', '-R', 'a+rX', sandbox]);
}

test('G5: a maintainer script that hangs is killed with all it started, dpkg is repaired, and the order has failed', async () => {
  const { machine, api, agent } = await startAptAgent('hangs', offer, '--kill-after', '25s');
  const row = (await api.get(`/api/v1/updates/rows?name=${kName}`)).items[0];
  assert.ok(row, 'the update is not offered');
  await api.post('/api/v1/approvals', { update_ids: [row.id] });
  const inside = (file) => path.join(machine.root, 'tmp', file);
  await until(() => fs.existsSync(inside('hung')), 'the script to hang', 90_000, () => agent.executor.output.slice(-2000));
  const pids = ['hung', 'child'].map((file) => Number(fs.readFileSync(inside(file), 'utf8')));
  assert.notEqual(dpkgState(machine, kName), 'ii 2.0', 'dpkg is in the middle');

  const ended = await until(async () => {
    const commands = (await api.get('/api/v1/commands?type=install_updates&limit=10')).items;
    return commands.find((command) => ['succeeded', 'failed', 'refused'].includes(command.state));
  }, 'the order to end', 120_000, () => agent.executor.output.slice(-2000));
  assert.equal(ended.state, 'failed');
  const { reason } = await api.get(`/api/v1/commands/${ended.id}`);
  assert.equal(reason.code, 'install.killed');
  assert.match(reason.text, /the package manager's own repair succeeded/);
  // Whoever has to wait for one that was killed may take a moment.
  const runs = (pid) => fs.existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  await until(() => !pids.some(runs), 'both to be gone', 10_000, () => runToEnd(['ps', '-o', 'pid,ppid,pgid,sid,stat,args', '-p', pids.join(',')]).stdout);
  assert.equal(dpkgState(machine, kName), 'ii 2.0', 'dpkg was left in the middle');
  await agent.process.stop();
  await agent.executor.stop();
});
