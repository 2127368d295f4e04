// A scanner of another package manager, built out of the tree: real applications, real remotes, in a mount namespace of
// its own, so that this machine's Flatpak is left alone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { build, cleanUp, kPatience, repository, temporaryFolder } from './lib/processes.mjs';

after(cleanUp);

const kId = 'org.example.applications';

// Two remotes; two applications of the first one, of which one has a new version there, and one of a remote that is gone.
const kMachine = `
export_runtime() {
  rm -rf rt && mkdir -p rt/files rt/usr
  printf '[Runtime]\\nname=org.test.Platform\\nruntime=org.test.Platform/x86_64/1\\nsdk=org.test.Platform/x86_64/1\\n' > rt/metadata
  flatpak build-export --arch=x86_64 --runtime "$1" rt 1
}
export_app() {
  rm -rf app && mkdir -p app/files app/export app/var
  printf '[Application]\\nname=%s\\nruntime=org.test.Platform/x86_64/1\\ncommand=x\\n' "$2" > app/metadata
  echo "$3" > app/files/version
  flatpak build-export --arch=x86_64 "$1" app stable
}
mount -t tmpfs tmpfs /var/lib/flatpak
export HOME=$PWD/home && mkdir -p "$HOME"
{
  export_runtime good && export_app good org.test.Hello 1 && export_app good org.test.Same 1
  export_runtime gone && export_app gone org.test.Lost 1
  for repo in good gone; do
    flatpak build-update-repo $repo
    flatpak remote-add --system --no-gpg-verify $repo "file://$PWD/$repo"
  done
  flatpak install --system --noninteractive good org.test.Hello org.test.Same
  flatpak install --system --noninteractive gone org.test.Lost
  export_app good org.test.Hello 2
  flatpak build-update-repo good
  rm -rf gone
} > machine.log 2>&1
`;

const kScan = `"$BUILD/bin/redflag-agent" --config agent.yaml --plugins plugins --state state scan --format json`;

function shell(folder, script) {
  const env = { PATH: process.env.PATH, BUILD: build, LC_ALL: 'C.UTF-8', CMAKE_PREFIX_PATH: path.join(folder, 'sdk') };
  const done = spawnSync('unshare', ['--mount', 'bash', '-euo', 'pipefail', '-c', script],
    { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000 * kPatience });
  const log = path.join(folder, 'machine.log');
  assert.ok(done.status === 0 || done.status === 4, `${done.status}\n${done.stdout}${done.stderr}${fs.existsSync(log) ? fs.readFileSync(log, 'utf8').slice(-2000) : ''}`);
  return done.stdout;
}

let made;  // once for all

function builtPlugin() {
  if (made) return made;
  const home = temporaryFolder('flatpak-plugin');
  shell(home, `
    cmake --install "$BUILD" --component sdk --prefix sdk
    cmake -S "${path.join(repository, 'sdk/examples/flatpak')}" -B plugin
    cmake --build plugin
    ctest --test-dir plugin --output-on-failure`);
  made = path.join(home, 'plugin/plugins');
  return made;
}

// A folder with the plugin and its agent's settings.
function newHome() {
  const plugins = builtPlugin();
  const home = temporaryFolder('flatpak');
  fs.cpSync(plugins, path.join(home, 'plugins'), { recursive: true });
  const hash = spawnSync('sha256sum', [path.join(home, `plugins/${kId}.so`)], { encoding: 'utf8' }).stdout.split(' ')[0];
  fs.writeFileSync(path.join(home, 'agent.yaml'), `version: 1
isolation: best
plugins:
  ${kId}:
    sha256: ${hash}
    capabilities: ["exec:/usr/bin/flatpak", "read:/var/lib/flatpak", "read:/etc/flatpak", "read:${home}/good"]
`);
  return home;
}

test('Flatpak\'s own answer is what the scanner says, remote by remote', () => {
  const home = newHome();
  const printed = shell(home, `${kMachine}
    flatpak remote-ls --system --updates --columns=ref:f,commit:f good > expected.txt
    ${kScan}`);
  const [scan] = JSON.parse(printed).scans;
  const scopes = Object.fromEntries(scan.scopes.map(({ key, status }) => [key, status]));
  assert.equal(scopes.installed, 'ok', printed);
  assert.equal(scopes.good, 'ok', printed);
  assert.equal(scopes.gone, 'transient', printed);
  assert.equal(scan.complete, false);
  const [ref, commit] = fs.readFileSync(path.join(home, 'expected.txt'), 'utf8').trim().split('\t');
  const rows = scan.records.map(({ key, candidate_version, origin, scope }) => ({ key, candidate_version, origin, scope }));
  assert.deepEqual(rows, [{ key: ref.replace('app/', ''), candidate_version: commit, origin: 'good', scope: 'good' }]);
  assert.notEqual(scan.records[0].installed_version, commit);
});

test('an update that was installed is no longer listed, and the inventory has what is there', () => {
  const home = newHome();
  const printed = shell(home, `${kMachine}
    flatpak update --system --noninteractive org.test.Hello >> machine.log 2>&1
    flatpak list --system --columns=ref:f,active:f > expected.txt
    ${kScan} > updates.json || [ $? = 4 ]
    ${kScan} --purpose inventory`);
  const updates = JSON.parse(fs.readFileSync(path.join(home, 'updates.json'), 'utf8')).scans[0];
  assert.deepEqual(updates.records, []);
  assert.equal(updates.scopes.find(({ key }) => key === 'good').status, 'ok');
  const listed = JSON.parse(printed).scans[0].records.map(({ key, version }) => `${key}\t${version}`);
  assert.deepEqual(listed.sort(), fs.readFileSync(path.join(home, 'expected.txt'), 'utf8').trim().split('\n').sort());
});
