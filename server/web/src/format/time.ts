const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });
const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

// "5 min. ago", "in 2 hr.", "now" within ten seconds.
export function ago(at: string, nowMs: number): string {
  const seconds = (Date.parse(at) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return at;
  if (Math.abs(seconds) < 10) return 'now';
  for (const [unit, length_s] of steps) {
    if (Math.abs(seconds) >= length_s) return relative.format(Math.trunc(seconds / length_s), unit);
  }
  return relative.format(Math.trunc(seconds), 'second');
}

export function localTime(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : local.format(ms);
}

export function localClock(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : clock.format(ms);
}

const stamp = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

// A sentence of the server's in pieces: words, time, words, time, words…
export function timesApart(text: string): string[] {
  return text.split(stamp);
}

// Times in a sentence of the server's, as the viewer reads them.
export function readableTimes(text: string): string {
  return timesApart(text)
    .map((piece, index) => (index % 2 === 1 ? localTime(piece) : piece))
    .join('');
}

// A time on the clocks of a zone: "Sat 28 Nov, 22:00".
export function timeIn(zone: string, at: string): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  const options = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone }).format(ms);
}

// "2 h 30 min"
export function minutes(count: number): string {
  const hours = Math.floor(count / 60);
  return [hours > 0 && `${hours} h`, count % 60 > 0 && `${count % 60} min`].filter(Boolean).join(' ') || '0 min';
}

export function utc(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
