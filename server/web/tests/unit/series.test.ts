import { describe, expect, test } from 'vitest';

import { daysLeft, drawn } from '../../src/format/series';

const now = '2030-06-01T12:00:00Z';
const two_days_before = '2030-05-30T12:00:00Z';
const earlier = '2030-05-30T11:59:59Z';

describe('a forecast counts', () => {
  const measured = (label: string, at: string, value?: number) => [
    { name: 'filesystem_available_bytes', label, value: 5e9, at },
    ...(value === undefined ? [] : [{ name: 'filesystem_full_in_days', label, value, at }]),
  ];

  test('as long as the room it is about is not measured without one', () => {
    const stopped = { name: 'filesystem_full_in_days', label: 'mount=/srv', value: 2.5, at: two_days_before };
    const never_measured = { name: 'filesystem_full_in_days', label: 'mount=/odd', value: 1, at: now };
    const items = [...measured('mount=/', now, 34.2), ...measured('mount=/srv', now), stopped, never_measured];
    expect([...daysLeft(items, now)]).toEqual([['mount=/', 34.2]]);
  });

  test('of a volume that is measured less often than others, and not of one that is gone', () => {
    const items = [...measured('mount=/', now), ...measured('mount=/slow', two_days_before, 3), ...measured('mount=/gone', earlier, 1)];
    expect([...daysLeft(items, now)]).toEqual([['mount=/slow', 3]]);
  });

  test('of a machine that fell silent for no longer than it looks ahead', () => {
    const items = measured('mount=/', now, 3);
    expect(daysLeft(items, '2030-06-15T11:59:59Z').size).toBe(1);
    expect(daysLeft(items, '2030-06-15T12:00:00Z').size).toBe(0);
    expect(daysLeft([], now).size).toBe(0);
  });
});

describe('a time in which nothing was measured', () => {
  const ats = (rows: { at: number; high: number | null }[]) => rows.map(({ at, high }) => [at / 1000, high]);

  test('is left out of a line', () => {
    const points = [[0, 1, 1], [600, 2, 2], [1200, 3, 3], [90_000, 4, 4], [90_600, 5, 5]];
    expect(ats(drawn(points, 600))).toEqual([[0, 1], [600, 2], [1200, 3], [1800, 3], [1800, null], [90_000, 4], [90_600, 5]]);
  });

  test('hides no last point behind it', () => {
    const points = [[0, 1, 1], [600, 2, 2], [1200, 3, 3], [90_000, 4, 4]];
    expect(ats(drawn(points, 600)).slice(-3)).toEqual([[1800, null], [90_000, 4], [90_600, 4]]);
  });

  test('is none where a machine measures less often than a step is long', () => {
    const points = [[0, 1, 1], [14_400, 2, 2], [28_800, 3, 3], [43_800, 4, 4]];
    expect(ats(drawn(points, 600))).toEqual([[0, 1], [14_400, 2], [28_800, 3], [43_800, 4]]);
  });

  test('is not known of one point, or of none', () => {
    expect(drawn([], 600)).toEqual([]);
    expect(drawn([[600, 1, 2]], 600)).toEqual([{ at: 600_000, high: 2, low: 1 }]);
    expect(drawn([[0, 1, 1], [86_400, 2, 2]], 600)).toHaveLength(2);
  });
});
