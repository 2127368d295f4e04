// A third party's afternoon: sdk/README.md's commands as they stand there, in an empty home folder, up to the records of two
// plugins that were built out of the tree against the installed SDK.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cleanUp, repository, temporaryFolder } from './lib/processes.mjs';

after(cleanUp);

function commands() {
  const readme = fs.readFileSync(path.join(repository, 'sdk/README.md'), 'utf8');
  const chapter = readme.slice(readme.indexOf('\n## An afternoon'));
  const end = chapter.indexOf('\n## ', 1);
  return [...chapter.slice(0, end).matchAll(/^```sh\n(.*?)^```$/gms)].map((block) => block[1]).join('');
}

function shell(folder, script) {
  const { PATH, REDFLAG_BUILD } = process.env;
  return spawnSync('bash', ['-euo', 'pipefail', '-c', script],
    { cwd: folder, env: { HOME: folder, PATH, REDFLAG_BUILD, LC_ALL: 'C.UTF-8' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

test('plugins built from the installed SDK keep the contract and run in an agent', () => {
  const home = temporaryFolder();
  const done = shell(home, commands());
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /test_contract\.org\.example\.flatpak\.is_kept \.+ +Passed/);
  assert.match(done.stdout, /checks, 0 of them failed/);

  const { scans } = JSON.parse(fs.readFileSync(path.join(home, 'scan.json'), 'utf8'));
  const [flatpak, release] = ['org.example.flatpak', 'org.example.release'].map((id) => {
    const scan = scans.find((each) => each.plugin === id);
    assert.equal(scan?.status, 'ok', JSON.stringify(scan));
    return scan.records;
  });
  const installed = shell(home, "dpkg-query --show --showformat='${Package}:${Architecture} ${Version}\\n'").stdout;
  const listed = flatpak.map((row) => `${row.key} ${row.version}`.trimEnd());
  assert.deepEqual(listed.sort(), installed.split('\n').filter(Boolean).map((line) => line.trimEnd()).sort());
  const version = fs.readFileSync('/etc/debian_version', 'utf8').trim();
  assert.deepEqual(release.map(({ name, value }) => [name, value]), [['org.example.release', version]]);
});

test('a new plugin has a reverse DNS name and a folder that was not there', () => {
  const home = temporaryFolder();
  const create = (id) => shell(home, `"$REDFLAG_BUILD/bin/redflag-plugin-check" new ${id}`);
  assert.equal(create('flatpak').status, 2);
  assert.equal(create('org.example.one').status, 0);
  assert.equal(fs.readFileSync(path.join(home, 'org.example.one/scanner.cpp'), 'utf8').includes('template'), false);
  const again = create('org.example.one');
  assert.equal(again.status, 2);
  assert.match(again.stderr, /is there already/);
});
