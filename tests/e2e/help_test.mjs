// Every program and every command of it explains itself, in a terminal of 80 columns.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cleanUp, program, repository, runToEnd } from './lib/processes.mjs';

after(cleanUp);

// The names that a help lists as commands.
function commandsIn(help) {
  const out = [];
  let listing = false;
  for (const line of help.split('\n')) {
    if (/^\S.*:$/.test(line)) listing = !/^(Options|Positionals):$/.test(line);
    const name = /^ {2}([a-z][a-z0-9-]*)(,\s*\S+)*(\s|$)/.exec(line);
    if (listing && name) out.push(name[1]);
  }
  return out;
}

function walk(name, words, seen) {
  const { stdout, status } = runToEnd([program(name), ...words, '--help'], { allowFailure: true });
  const called = [name, ...words].join(' ');
  assert.equal(status, 0, called);
  assert.ok(stdout.length > 0, `${called} says nothing`);
  const wide = stdout.split('\n').filter((line) => [...line].length > 80);
  assert.deepEqual(wide, [], called);
  seen.push(called);
  if (words.length < 3) for (const command of commandsIn(stdout)) walk(name, [...words, command], seen);
}

const least = { 'redflag-server': 25, 'redflag-agent': 15, redflagctl: 40, 'redflag-broker': 1, 'redflag-plugin-check': 3, 'redflag-swarm': 1 };
for (const [name, commands] of Object.entries(least)) {
  test(`${name} and each of its commands fit their help into 80 columns`, () => {
    const seen = [];
    walk(name, [], seen);
    assert.ok(seen.length >= commands, `only ${seen.length}: ${seen.join(', ')}`);
  });
}

test('plugins/README.md names every setting of every plugin', () => {
  const readme = fs.readFileSync(path.join(repository, 'plugins/README.md'), 'utf8');
  const [, section] = /^## Settings\n([^]*?)^## /m.exec(readme);
  for (const id of ['apt', 'dnf', 'dnf5', 'docker', 'storage', 'system']) {
    const row = section.split('\n').find((line) => line.split('|')[1]?.includes(`\`${id}\``));
    const schema = JSON.parse(runToEnd([program('redflag-agent'), 'plugins', 'schema', id]).stdout);
    for (const name of Object.keys(schema?.properties ?? {}))
      assert.match(row, new RegExp(`\`${name}[:\`]`), `${id}: ${name}`);
  }
});
