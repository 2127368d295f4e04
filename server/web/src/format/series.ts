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

const day = 86_400_000; // ms
const most_behind = 2 * day;
const oldest = 14 * day;

// Days until full, by label, where a forecast counts at a time: the rule is kForecastBehindDays of server/store/agents.h,
// by which machines are listed as having a disk that fills.
export function daysLeft(items: readonly Measured[], now: string): Map<string, number> {
  const measured = new Map(items.filter(({ name }) => name === forecastOf).map(({ label, at }) => [label, at]));
  const newest = Math.max(...[...measured.values()].map((at) => Date.parse(at)));
  const counts = ({ name, label, at }: Measured) =>
    name === forecast && measured.get(label) === at && Date.parse(at) >= newest - most_behind && Date.parse(at) > Date.parse(now) - oldest;
  return new Map(items.filter(counts).map(({ label, value }) => [label, value]));
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
