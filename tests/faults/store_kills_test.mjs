// E4 for the store alone: what writes to it is killed as often as a whole server cannot be, on both engines, and on PostgreSQL
// the engine's own processes as well. redflag-kill-loop is victim, client and judge.
//   REDFLAG_STORE_KILLS  how often on each engine (default 1000; scripts/test --long: 10000)     REDFLAG_SEED  repeats a run's moments
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { after, test } from 'node:test';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { build, cleanUp, sleep, temporaryFolder } from '../e2e/lib/processes.mjs';

const kills = Number(process.env.REDFLAG_STORE_KILLS ?? 1000);
const seed = Number(process.env.REDFLAG_SEED ?? randomInt(2 ** 31));
const postgres = new Postgres('kills');
after(async () => {
  postgres.stop();
  await cleanUp();
});

// The verdict, once it has ended.
function loop(database, times, itsSeed) {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(build, 'tests/redflag-kill-loop'), [database, String(times), String(itsSeed)]);
    let out = '';
    let errors = '';
    child.stdout.on('data', (text) => { out += text; });
    child.stderr.on('data', (text) => { errors += text; });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(out.trim().split('\n').at(-1))) : reject(new Error(`exit code ${code}: ${out} ${errors.slice(-2000)}`))));
  });
}

function check(verdict, times) {
  assert.deepEqual([verdict.lost, verdict.twice, verdict.torn], [0, 0, 0], JSON.stringify(verdict));
  assert.ok(verdict.acknowledged >= times, `too little was written to mean anything: ${JSON.stringify(verdict)}`);
  assert.ok(verdict.stored >= verdict.acknowledged);
}

// Two at a time, each on a database of its own: mostly they wait.
async function both(databases) {
  const each = Math.ceil(kills / 2);
  const verdicts = await Promise.all(databases.map((database, i) => loop(database, each, seed + i)));
  for (const verdict of verdicts) check(verdict, each);
}

test(`E4: ${kills} kills of what writes to SQLite lose, repeat and tear nothing (REDFLAG_SEED=${seed})`, async () => {
  const folder = temporaryFolder('store-kills');
  await both([path.join(folder, 'one.db'), path.join(folder, 'two.db')]);
});

test(`E4: ${kills} kills of what writes to PostgreSQL lose, repeat and tear nothing (REDFLAG_SEED=${seed})`, async () => {
  postgres.start();
  await both([postgres.makeDatabase('one'), postgres.makeDatabase('two')]);
});

test('E4: PostgreSQL\'s own processes are killed as well', async () => {
  let running = true;
  let crashes = 0;
  const killing = (async () => {
    while (running && crashes < 5) {
      await sleep(300);
      try {
        const pid = Number(postgres.query("SELECT pid FROM pg_stat_activity WHERE datname LIKE 'three%' LIMIT 1"));
        if (pid > 0) {
          process.kill(pid, 'SIGKILL');
          crashes += 1;
        }
      } catch {
        // It is still coming back from the one before.
      }
    }
  })();
  // A fast machine is through with a round before it was hit often enough.
  try {
    for (let round = 0; round < 20 && (round === 0 || crashes < 3); round += 1) {
      check(await loop(postgres.makeDatabase(`three${round}`), 100, seed + round), 100);
    }
  } finally {
    running = false;
    await killing;
  }
  assert.ok(crashes >= 3, `only ${crashes} crashes`);
});
