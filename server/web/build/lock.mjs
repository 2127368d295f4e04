// Writes package-lock.json without addresses of a registry: whoever builds asks their own. npm's own option for this
// (omit-lockfile-registry-resolved) forgets the packages for other platforms, after which `npm ci` refuses the file.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const npm = spawnSync('npm', ['install', '--package-lock-only', '--omit-lockfile-registry-resolved=false'], { stdio: 'inherit' });
if (npm.status !== 0) process.exit(npm.status ?? 1);
const lock = JSON.parse(readFileSync(path, 'utf8'));
for (const entry of Object.values(lock.packages)) delete entry.resolved;
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
