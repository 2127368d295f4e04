// A disk of its own at a folder, to be filled. ctest runs who makes one in a mount namespace (`unshare --mount`): should it
// be killed, its disks go with it.
import fs from 'node:fs';
import path from 'node:path';
import { runToEnd } from '../../e2e/lib/processes.mjs';

const disks = [];

export class SmallDisk {
  constructor(folder, megabytes, mode = '0700') {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    runToEnd(['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=${mode}`, 'tmpfs', folder]);
    disks.push(folder);
  }

  fill() {
    runToEnd(['sh', '-c', `cat /dev/zero > '${this.folder}/ballast' 2>/dev/null; true`]);
  }

  makeSpace() {
    fs.rmSync(path.join(this.folder, 'ballast'));
  }
}

export function removeDisks() {
  disks.forEach((folder) => runToEnd(['umount', '--lazy', folder]));
}
