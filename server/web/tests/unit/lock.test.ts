// @vitest-environment node
import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

interface Entry {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

test('the lock file names no registry and knows the packages for every platform (npm run lock)', async () => {
  const text = await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
  const known = Object.keys(packages);
  const entries = Object.values(packages);
  expect(entries.filter((entry) => entry.resolved !== undefined)).toEqual([]);
  const wanted = entries.flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(0);
  expect(wanted.filter((name) => !known.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
});
