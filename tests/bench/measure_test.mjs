// The gate of the benchmarks, and what becomes of their figures: bench/measure.py and bench/lib.py with scripts of this test's own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cleanUp, repository, temporaryFolder } from '../e2e/lib/processes.mjs';

after(cleanUp);

// A folder with what runs benchmarks, these of them, and a README that has no figure yet.
class Bench {
  constructor(scripts) {
    this.folder = temporaryFolder('measure');
    for (const file of ['measure.py', 'lib.py']) fs.copyFileSync(path.join(repository, 'bench', file), this.file(file));
    for (const [name, body] of Object.entries(scripts)) this.put(name, body);
    fs.writeFileSync(this.file('README.md'), '# bench\n<!-- figures: written by bench/run -->\n\n<!-- end of figures -->\nlast words\n');
  }

  file(name) {
    return path.join(this.folder, name);
  }

  put(name, body) {
    fs.writeFileSync(this.file(`bench_${name}.py`), `"""What ${name} is."""\nimport lib\n${body}\n`);
  }

  get readme() {
    return fs.readFileSync(this.file('README.md'), 'utf8');
  }

  run(...words) {
    return spawnSync('/usr/bin/python3', [this.file('measure.py'), ...words], { encoding: 'utf8' });
  }

  gate(...words) {
    return this.run('--gate', ...words);
  }
}

const stated = (name, samples, goal, more = '') => `lib.state("${name}", ${samples}, "s", ${goal}${more})`;

test('the gate passes what is within 1.3 times its goal, and ends with 1 and the name of what is beyond', () => {
  const it = new Bench({ swift: stated('swift', '[1.3]', 1), known: stated('known', '[99.0]', 'None') });
  assert.equal(it.run().status, 0);
  const passed = it.gate();
  assert.equal(passed.status, 0, passed.stderr);
  it.put('swift', stated('swift', '[1.31]', 1));
  const failed = it.gate();
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /^beyond 1\.3 times the goal: swift$/m);
  assert.doesNotMatch(failed.stderr, /goal: known/);
});

test('what is compared with a goal is the median, or the median of the ratios to its peer; of a goal of nothing nothing is let through', () => {
  const ratio = ', {"peer": [1.0, 1.0, 1.0]}, ratio=True';
  const it = new Bench({
    middle: stated('middle', '[1.0, 1.0, 9.0]', 1),
    ratio: stated('ratio', '[2.0, 2.0, 9.0]', 2, ratio),
    none: stated('none', '[0]', 0),
  });
  assert.equal(it.run().status, 0);
  assert.equal(it.gate().status, 0);
  it.put('middle', stated('middle', '[0.1, 9.0, 9.0]', 1));
  it.put('ratio', stated('ratio', '[2.0, 2.7, 9.0]', 2, ratio));
  it.put('none', stated('none', '[1]', 0));
  const { status, stderr } = it.gate();
  assert.equal(status, 1);
  for (const name of ['middle', 'ratio', 'none']) assert.match(stderr, new RegExp(`goal: ${name}$`, 'm'));
});

test('what could not be measured is told as such and has not passed', () => {
  const faults = {
    throws: 'raise RuntimeError("no such machine")',
    silent: 'pass',
    talks: 'print("it was fine")',
    counts: 'print("{}")',
    garbled: 'def',
    nan: stated('nan', '[float("nan")]', 1),
    empty: stated('empty', '[]', 1),
    alone: stated('alone', '[1.0]', 1, ', {"peer": [0.0]}, ratio=True'),
    drawing: 'lib.plot("speed", "agents", {"one": [(1, 1)]})',
  };
  for (const [name, body] of Object.entries(faults)) {
    const it = new Bench({ [name]: body });
    for (const words of [['--gate'], []]) {
      const { status, stderr } = it.run(...words);
      assert.equal(status, 1, `${name} ${words}`);
      assert.match(stderr, new RegExp(`^bench_${name}\\.py (failed|measured nothing|said what is no figure)`, 'm'));
    }
    assert.doesNotMatch(it.readme, /###/, `${name} is in README.md`);
  }
});

test('one that fails leaves the others their figures, and its own old ones where they were', () => {
  const it = new Bench({ a: stated('first', '[1.0]', 1), b: stated('second', '[2.0]', 2), c: stated('third', '[3.0]', 3) });
  assert.equal(it.run().status, 0);
  it.put('a', stated('first', '[1.5]', 1));
  it.put('b', `${stated('second', '[8.0]', 2)}\nraise RuntimeError("half way")`);
  it.put('c', stated('third', '[3.5]', 3));
  const { status, stdout, stderr } = it.run();
  assert.equal(status, 1);
  assert.match(stderr, /^bench_b\.py failed$/m);
  assert.match(stdout, /\| second \| \*\*8 s\*\*/, 'what it had measured by then is not told');
  for (const row of ['| first | **1.5 s**', '| second | **2 s**', '| third | **3.5 s**']) assert.ok(it.readme.includes(row), row);
  const gate = it.gate();
  assert.match(gate.stderr, /goal: first$/m);
  assert.match(gate.stderr, /goal: second$/m, 'what it had measured by then counts');
});

test('the gate writes nothing, and tells of goals that README.md has otherwise', () => {
  const it = new Bench({ one: stated('one', '[1.0]', 1), other: stated('other', '[1.0]', 1) });
  assert.equal(it.run().status, 0);
  const before = it.readme;
  it.put('one', stated('one', '[1.0]', 2));
  it.put('other', `${stated('other', '[1.0]', 1)}\n${stated('one more', '[1.0]', 1)}`);
  const { status, stderr } = it.gate();
  assert.equal(status, 1);
  for (const name of ['one', 'other']) assert.match(stderr, new RegExp(`^README\\.md tells of other goals than bench_${name}\\.py`, 'm'));
  assert.equal(it.readme, before);
  assert.equal(it.run('one', 'other').status, 0);
  assert.equal(it.gate().status, 0);
});

test('a run of some leaves the rest of README.md as it was, and a name that is none is refused', () => {
  const it = new Bench({ a: stated('first', '[1.0]', 1), b: stated('second', '[2.0]', 2) });
  assert.equal(it.run().status, 0);
  it.put('a', stated('first', '[1.2]', 1));
  it.put('b', stated('second', '[2.2]', 2));
  assert.equal(it.run('b').status, 0);
  assert.ok(it.readme.includes('| first | **1 s**') && it.readme.includes('| second | **2.2 s**'), it.readme);
  assert.ok(it.readme.startsWith('# bench\n') && it.readme.endsWith('last words\n'), it.readme);
  const { status, stderr } = it.run('c');
  assert.equal(status, 1);
  assert.match(stderr, /there is no benchmark c; there are: a, b/);
});

test('what a server did not answer in time counts as what it could not answer', () => {
  const errors = { internal: 1, 'status.502': 1, 'connection.timeout': 2, 'doorbell.timeout': 1, 'connection.cut': 7, 'connection.closed': 7, 'agent.held': 7 };
  const counted = spawnSync('/usr/bin/python3', ['-B', '-c', `import bench_scale, json, sys; print(bench_scale.failed({"errors": json.loads(sys.argv[1])}))`,
    JSON.stringify(errors)], { cwd: path.join(repository, 'bench'), encoding: 'utf8' });
  assert.equal(counted.stdout.trim(), '5', counted.stderr);
});
