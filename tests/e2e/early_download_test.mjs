// An install that waits for its maintenance window has its packages downloaded beforehand: the repository is taken away before
// the window opens, and what was downloaded is installed all the same; what could not be downloaded says so, and still waits for its turn.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cleanUp } from './lib/processes.mjs';
import { WindowedApt } from './lib/windowed_apt.mjs';

const stand = new WindowedApt('early-download');
const { machine } = stand;
const { update } = machine;
const waiting = { name: 'redflag-demo-broken', from: '1.0' };

after(cleanUp);
before(() => stand.begin());

const downloaded = () => fs.readdirSync(stand.archives).filter((file) => file.endsWith('.deb'));

test('an install in its window uses what was downloaded before, although the repository is gone by then', async () => {
  const first = await stand.ordered(update);
  assert.deepEqual([first.install.state, Date.parse(first.install.not_before)], ['scheduled', stand.opens]);
  const download = await stand.reaches(first.download, 'succeeded', 40_000);
  assert.deepEqual([download.type, download.actions[0].action, download.plan_hash], ['download_updates', 'download', first.install.plan_hash]);
  assert.ok(download.results[0].download_bytes > 0 && download.log.length > 0, JSON.stringify(download));
  assert.ok(downloaded().some((file) => file.startsWith(`${update.name}_${update.to}`)), downloaded().join(' '));
  assert.equal(machine.installed(update), update.from);
  const { preparation, next } = stand.show(first.install.id);
  assert.equal(preparation.state, 'succeeded');
  assert.match(next, /^its packages are downloaded already; /);
  assert.match(stand.row(update).next, /^its packages are downloaded already; /);

  await stand.repository.stop();
  fs.rmSync(path.join(machine.folder, 'repo'), { recursive: true });

  // Seen, and nothing that the install would fail for before its turn.
  const second = await stand.ordered(waiting);
  const failed = await stand.reaches(second.download, 'failed', 40_000);
  assert.equal(failed.reason.code, 'apt.download_failed');
  const told = stand.show(second.install.id);
  assert.equal(told.state, 'scheduled');
  assert.match(told.next, /^its packages could not be downloaded beforehand, .*: the install downloads what is missing/);
  assert.ok(Date.now() < stand.opens, 'all of it before the window');
  assert.equal(stand.newest('download_updates').id, second.download, 'it is not tried again at once');

  await stand.openNext();
  const { opens } = stand;
  assert.ok(Date.parse(stand.show(first.install.id).not_before) <= opens, 'it waits for the window as it is now');
  const ended = await stand.reaches(first.install.id, 'succeeded', opens - Date.now() + 60_000);
  const began = Date.parse(ended.transitions.find(({ to }) => to === 'running').at);
  assert.ok(began >= opens, `${began} is not before ${opens}`);
  assert.equal(machine.installed(update), update.to);
  assert.equal((await stand.reaches(second.install.id, 'failed', 60_000)).reason.code, 'apt.download_failed');
  assert.equal(machine.installed(waiting), waiting.from);
});
