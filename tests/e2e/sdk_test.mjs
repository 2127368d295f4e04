// A third party's afternoon: sdk/README.md's commands as they stand there, in an empty home folder, up to the records of two
// plugins that were built out of the tree against the installed SDK.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openBrowser, signIn } from './lib/browser.mjs';
import { Fleet } from './lib/fleet.mjs';
import { cleanUp, repository, temporaryFolder, until } from './lib/processes.mjs';

after(cleanUp);

function commands() {
  const readme = fs.readFileSync(path.join(repository, 'sdk/README.md'), 'utf8');
  const chapter = readme.slice(readme.indexOf('\n## An afternoon'));
  const end = chapter.indexOf('\n## ', 1);
  return [...chapter.slice(0, end).matchAll(/^```sh\n(.*?)^```$/gms)].map((block) => block[1]).join('');
}

function shell(folder, script) {
  const { PATH, REDFLAG_BUILD } = process.env;
  // A Rust that rustup brought looks for its compiler below the real home.
  const RUSTUP_HOME = process.env.RUSTUP_HOME ?? path.join(os.homedir(), '.rustup');
  return spawnSync('bash', ['-euo', 'pipefail', '-c', script],
    { cwd: folder, env: { HOME: folder, PATH, REDFLAG_BUILD, RUSTUP_HOME, LC_ALL: 'C.UTF-8' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

// Where there is a compiler for it.
function rustRuns(home, said) {
  if (said.includes('there is no rustc here')) return;
  const library = path.join(home, 'build/plugins/org.example.hostname.so');
  const sha256 = createHash('sha256').update(fs.readFileSync(library)).digest('hex');
  const config = path.join(home, 'rust.yaml');
  fs.writeFileSync(config, `version: 1\nplugins:\n  org.example.hostname:\n    sha256: ${sha256}\n    capabilities: ["read:/etc/hostname"]\n`);
  const scanned = shell(home, `"$REDFLAG_BUILD/bin/redflag-agent" --config rust.yaml --plugins build/plugins --state rust scan --format json`);
  const [scan] = JSON.parse(scanned.stdout).scans;
  assert.deepEqual(scan.records.map(({ name, value }) => [name, value]),
    [['org.example.hostname', fs.readFileSync('/etc/hostname', 'utf8').trim()]], scanned.stderr);
}

// The same configuration and libraries in an agent with a server.
async function areOnTheScreen(home, known) {
  const fleet = new Fleet('sdk');
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', fs.readFileSync(path.join(home, 'agent.yaml'), 'utf8'), { plugins: path.join(home, 'build/plugins') });
  agent.start();
  const records = `/api/v1/agents/${agent.id}/records?kind=${encodeURIComponent('package/1')}&search=bash`;
  await until(async () => (await api.get(records)).total > 0, 'its records on the server', 60_000, () => agent.process.output);
  const { browser, page, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/agents/${agent.id}?tab=records`);
    await signIn(page);
    const row = page.getByRole('row').filter({ hasText: known.version }).filter({ hasText: 'bash' }).first();
    await row.waitFor();
    assert.match(await page.locator('main').innerText(), /org\.example\.flatpak/);
    await picture('third-party-inventory');
  } finally {
    await browser.close();
  }
}

test('plugins built from the installed SDK keep the contract, run in an agent, and are on the screen', async () => {
  const home = temporaryFolder();
  const done = shell(home, commands());
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /test_contract\.org\.example\.flatpak\.is_kept \.+ +Passed/);
  assert.match(done.stdout, /checks, 0 of them failed/);
  assert.match(done.stdout, /rounds, all survived/);
  rustRuns(home, done.stdout);

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
  await areOnTheScreen(home, flatpak.find((row) => row.name === 'bash'));
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
