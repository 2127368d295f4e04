// E4: the server is killed at any moment, again and again. What it had acknowledged is in the store, once; what it had not may
// be there or not, and sending it again settles that. The client's own journal is the judge.
//   REDFLAG_KILLS  how often (default 40; scripts/test --long: 1000)     REDFLAG_SEED  repeats a run's moments
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, runToEnd, sleep } from '../e2e/lib/processes.mjs';
import { LoneAgent } from './lib/raw_tls.mjs';
import { random } from './lib/random.mjs';

after(cleanUp);

const kills = Number(process.env.REDFLAG_KILLS ?? 40);
const seed = Number(process.env.REDFLAG_SEED ?? randomInt(2 ** 31));

function scanItem(id) {
  const at = new Date().toISOString();
  return { kind: 'scan', id, at, plugin: 'system', plugin_version: '0.1.0', interface: 'rf.scanner/1', purpose: 'inventory', trigger: 'schedule',
    boot_id: 'boot', started_at: at, duration_ms: 1, status: 'ok', complete: true, scopes: [{ key: '', status: 'ok' }], records: [], reports: [] };
}

// Uploads one scan after the other, for as long as there is an answer; what was not acknowledged is sent again first.
async function upload(agent, journal) {
  for (;;) {
    journal.open ??= String(journal.acknowledged.length).padStart(26, '0');
    const answer = await agent.post('/agent/v1/upload', JSON.stringify({ items: [scanItem(journal.open)] }));
    if (answer === null) return;
    if (answer.status !== 200) throw new Error(`upload: ${answer.status} ${answer.body}`);
    assert.deepEqual(answer.json.acknowledged, [journal.open]);
    journal.acknowledged.push(journal.open);
    journal.open = null;
  }
}

function stored(fleet) {
  const database = path.join(fleet.data, 'redflag.db');
  assert.equal(runToEnd(['sqlite3', database, 'PRAGMA integrity_check']).stdout.trim(), 'ok');
  return runToEnd(['sqlite3', '-readonly', database, "SELECT scan_id FROM scans WHERE plugin = 'system' ORDER BY scan_id"]).stdout.trim().split('\n');
}

test(`E4: ${kills} kills lose nothing that was acknowledged and repeat nothing (REDFLAG_SEED=${seed})`, async () => {
  const next = random(seed);
  const fleet = new Fleet('kill-loop');
  await fleet.startServer();
  const agent = new LoneAgent(fleet);
  await agent.enrol();
  const journal = { acknowledged: [], open: null };
  // The moments are around those of an upload, as long as that takes here.
  const { ms } = await agent.post('/agent/v1/upload', '{"items":[]}');
  const longestMs = Math.max(110, 4 * ms);
  for (let i = 0; i < kills; i += 1) {
    const uploading = upload(agent, journal);
    await sleep(10 + Math.floor(next() * longestMs));
    await fleet.server.stop('SIGKILL');
    await uploading;
    await fleet.startServer();
  }
  await fleet.server.stop();
  const found = stored(fleet);
  assert.ok(journal.acknowledged.length > kills / 4, `only ${journal.acknowledged.length} uploads in ${kills} rounds`);
  assert.equal(new Set(found).size, found.length, 'a scan is in the store twice');
  const there = new Set(found);
  assert.deepEqual(journal.acknowledged.filter((id) => !there.has(id)), [], 'acknowledged, and lost');
  assert.ok(found.length <= journal.acknowledged.length + 1, 'something is in the store that nobody sent');
});
