interface Measured {
  name: string;
  label: string;
  value: number;
  at: string;
}

interface Drawn {
  at: number;
  high: number | null;
  low: number | null;
}

// Said beside the series it is about, in words.
export const forecast = 'filesystem_full_in_days';
export const forecastOf = 'filesystem_available_bytes';

// Days until full, by label. What has stopped to grow is measured again without a forecast, and the last one stays
// where it was: it says nothing any more.
export function daysLeft(items: readonly Measured[]): Map<string, number> {
  const measured = new Map(items.filter(({ name }) => name === forecastOf).map(({ label, at }) => [label, at]));
  const believed = items.filter(({ name, label, at }) => name === forecast && measured.get(label) === at);
  return new Map(believed.map(({ label, value }) => [label, value]));
}

// Points as a chart takes them. Between two that lie much further apart than most do nothing was measured, and nothing
// is drawn: each value holds for its own step alone there.
export function drawn(points: readonly number[][], step_s: number): Drawn[] {
  const distances = points.slice(1).map(([at = 0], index) => at - (points[index]?.[0] ?? 0)).sort((a, b) => a - b);
  const longest_s = 3 * Math.max(step_s, distances[Math.floor((distances.length - 1) / 2)] ?? 0);
  return points.flatMap(([at = 0, low = 0, high = 0], index) => {
    const row: Drawn = { at: at * 1000, high, low };
    const isApart = (other = at) => Math.abs(other - at) > longest_s;
    const before = points[index - 1]?.[0];
    const next = points[index + 1]?.[0];
    const end = (at + step_s) * 1000;
    if (isApart(next)) return [row, { ...row, at: end }, { at: end, high: null, low: null }];
    // The last one alone would be a line without length.
    return next === undefined && isApart(before) ? [row, { ...row, at: end }] : [row];
  });
}
