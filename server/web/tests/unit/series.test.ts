import { describe, expect, test } from 'vitest';

import { daysLeft, drawn } from '../../src/format/series';

const now = '2030-06-01T12:00:00Z';
const before = '2030-05-20T12:00:00Z';

test('a forecast is believed as long as the room it is about is not measured without one', () => {
  const items = [
    { name: 'filesystem_available_bytes', label: 'mount=/', value: 5e9, at: now },
    { name: 'filesystem_available_bytes', label: 'mount=/srv', value: 9e11, at: now },
    { name: 'filesystem_full_in_days', label: 'mount=/', value: 34.2, at: now },
    { name: 'filesystem_full_in_days', label: 'mount=/srv', value: 2.5, at: before },
    { name: 'filesystem_full_in_days', label: 'mount=/gone', value: 1, at: before },
  ];
  expect([...daysLeft(items)]).toEqual([['mount=/', 34.2]]);
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
