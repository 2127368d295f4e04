// The disk under the package manager's cache is full while a download before a maintenance window fills it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cleanUp, until } from '../e2e/lib/processes.mjs';
import { WindowedApt } from '../e2e/lib/windowed_apt.mjs';
import { removeDisks, SmallDisk } from './lib/small_disk.mjs';

const stand = new WindowedApt('full-cache');
const { machine } = stand;
const { update } = machine;

after(async () => {
  removeDisks();
  await cleanUp();
});
before(() => stand.begin());

function assertSaysWhy({ reason }) {
  assert.equal(reason.code, 'apt.no_space', reason.text);
  assert.match(reason.text, /\/var\/cache\/apt\/archives\/ has 0 bytes free, and [1-9][0-9]* are to be downloaded/);
}

test('G5: a full disk fails the download before the window by its name, the install in it too, and nothing once there is room', async () => {
  const disk = new SmallDisk(stand.archives, 1, '0755');
  fs.mkdirSync(path.join(stand.archives, 'partial'));
  disk.fill();
  const { install, download } = await stand.ordered(update);
  assertSaysWhy(await stand.reaches(download, 'failed', 40_000));
  const waits = stand.show(install.id);
  assert.equal(waits.state, 'scheduled');
  assert.match(waits.next, /^its packages could not be downloaded beforehand, .* has 0 bytes free, .*: the install downloads what is missing/);
  assert.ok(Date.now() < stand.opens, 'all of it before the window');

  await stand.openNow();
  assertSaysWhy(await stand.reaches(install.id, 'failed', 60_000));
  assert.equal(machine.installed(update), update.from);
  disk.makeSpace();
  await stand.approve(update);
  await until(() => machine.installed(update) === update.to, 'the update to be installed in the rest of the window', 90_000,
    () => JSON.stringify(stand.row(update)) + stand.said());
});
