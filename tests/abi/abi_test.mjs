// The plugin ABI cannot change by accident: a member put in the middle of any public struct is noticed, by the offsets in
// tests/sdk/abi/layout.c and by abidiff; one put at the end of a growing struct is allowed. And libraries that were built
// when ABI 1.0 was drawn up, kept as files, run in today's host; broken ones are refused by name.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { build, cleanUp, program, repository, runToEnd, temporaryFolder } from '../e2e/lib/processes.mjs';

after(cleanUp);

const here = path.join(repository, 'tests/abi');
const kept = path.join(here, 'v1.0');
const headers = path.join(repository, 'sdk/include');
const run = (...argv) => spawnSync(argv[0], argv.slice(1), { encoding: 'utf8' });

// Every struct of the headers: {file, name, body}, the body without its braces.
function structs() {
  return fs.readdirSync(headers, { recursive: true }).filter((file) => file.endsWith('.h')).flatMap((file) => {
    const text = fs.readFileSync(path.join(headers, file), 'utf8');
    return [...text.matchAll(/struct (rf_\w+) \{\n(.*?)^\}/gms)].map(([, name, body]) => ({ file, name, body }));
  });
}

// A copy of the headers in which that struct has another body.
function changed({ file, body }, into) {
  const folder = temporaryFolder('headers');
  fs.cpSync(headers, folder, { recursive: true });
  const text = fs.readFileSync(path.join(folder, file), 'utf8');
  fs.writeFileSync(path.join(folder, file), text.replace(body, into));
  return folder;
}

const layoutHolds = (folder) =>
  run('cc', '-std=c11', '-fsyntax-only', `-I${folder}`, path.join(repository, 'tests/sdk/abi/layout.c')).status === 0;

// abidiff's own bits: 0 nothing, 4 a change, 8 an incompatible one.
function difference(folder) {
  const library = path.join(temporaryFolder('abi'), 'types.so');
  const compiled = run('cc', '-std=c11', '-g', '-fPIC', '-shared', `-I${folder}`, path.join(here, 'public_types.c'), '-o', library);
  assert.equal(compiled.status, 0, compiled.stderr);
  return run('abidiff', '--suppressions', path.join(here, 'growth.suppressions'), path.join(kept, 'baseline.abi'), library);
}

test('a member in the middle of any public struct is noticed, twice; at the end of a growing one it is allowed', () => {
  const unchanged = difference(headers);
  assert.equal(unchanged.status, 0, unchanged.stdout);
  const all = structs();
  assert.ok(all.length >= 21, `${all.length} structs`);
  for (const struct of all) {
    const first = struct.body.indexOf(';\n') + 2;
    const inserted = changed(struct, `${struct.body.slice(0, first)}  uint64_t inserted;\n${struct.body.slice(first)}`);
    assert.ok(!layoutHolds(inserted), `layout.c does not notice a member inside ${struct.name}`);
    assert.notEqual(difference(inserted).status, 0, `abidiff does not notice a member inside ${struct.name}`);
    const appended = changed(struct, `${struct.body}  uint64_t appended;\n`);
    const grows = struct.body.trimStart().startsWith('uint64_t struct_size;');
    assert.equal(layoutHolds(appended), grows, `layout.c and a member at the end of ${struct.name}`);
    const told = difference(appended);
    assert.equal(told.status === 0, grows, `abidiff and a member at the end of ${struct.name}: ${told.stdout}`);
  }
});

test('libraries built for ABI 1.0 run in this host', { skip: process.arch !== 'x64' && 'they are x86-64' }, () => {
  const folder = temporaryFolder('kept');
  const config = path.join(folder, 'agent.yaml');
  const plugins = path.join(folder, 'plugins');
  fs.mkdirSync(plugins);
  let yaml = 'version: 1\nplugins:\n';
  for (const name of ['test.plain', 'test.good']) {
    const library = path.join(plugins, `${name}.so`);
    fs.copyFileSync(path.join(kept, `${name}.so`), library);
    runToEnd([program('redflag-host'), '--manifest', library, '--output', path.join(plugins, `${name}.json`)]);
    yaml += `  ${name}: {sha256: ${JSON.parse(fs.readFileSync(path.join(plugins, `${name}.json`), 'utf8')).sha256}}\n`;
    const checked = run(program('redflag-plugin-check'), library, '--include', 'library.*', '--include', 'run.ordinary', '--include', 'host.larger');
    assert.match(checked.stdout, /10 checks, 0 of them failed/, checked.stdout);
  }
  fs.writeFileSync(config, yaml);
  const scanned = runToEnd([program('redflag-agent'), '--config', config, '--plugins', plugins, '--state', path.join(folder, 'state'),
    'scan', '--format', 'json']);
  const seen = JSON.parse(scanned.stdout).scans.map(({ plugin, status, complete, records }) => ({ plugin, status, complete, records }));
  assert.deepEqual(seen, JSON.parse(fs.readFileSync(path.join(kept, 'scan.json'), 'utf8')));
});

test('a library that is too old, too new, cut short, or none is refused with a sentence that says so', () => {
  const folder = temporaryFolder('refused');
  const cut = path.join(folder, 'test.cut.so');
  const whole = fs.readFileSync(path.join(kept, 'test.good.so'));
  fs.writeFileSync(cut, whole.subarray(0, whole.length / 2));
  fs.writeFileSync(path.join(folder, 'test.text.so'), 'no library at all\n');
  const fixture = (name) => path.join(build, 'test_plugins', `${name}.so`);
  for (const [library, sentence] of [
    [fixture('test.older_abi'), /built for ABI 0, this program loads ABI 1/],
    [fixture('test.other_abi'), /built for ABI 2, this program loads ABI 1/],
    [fixture('test.no_entry_point'), /does not export rf_plugin_library_v1: it is no plugin/],
    [cut, /cut short: it has \d+ bytes, expected \d+ at least/],
    [path.join(folder, 'test.text.so'), /cannot be loaded: .*(invalid ELF header|file too short)/],
  ]) {
    const refused = run(program('redflag-host'), '--manifest', library, '--output', path.join(folder, 'x.json'));
    assert.equal(refused.status, 1, library);
    assert.match(refused.stderr, sentence);
    assert.ok(refused.stderr.includes(library), 'it names the file');
  }
});
