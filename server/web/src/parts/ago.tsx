import { useNow } from '../format/clock';
import { ago, localTime, timesApart, utc } from '../format/time';

function exactly(at: string): string {
  return `${utc(at)}\n${localTime(at)} here`;
}

// A time as people say it; the exact ones, here and in UTC, on hover.
export function Ago({ at, never = 'never' }: { at: string | null; never?: string }) {
  const now = useNow();
  if (at === null) return <span className="dim">{never}</span>;
  return (
    <time className="number" dateTime={at} title={exactly(at)}>
      {ago(at, Math.max(now, Date.now()))}
    </time>
  );
}

// A time by the clock, for what is planned.
export function At({ at }: { at: string }) {
  return (
    <time className="number" dateTime={at} title={exactly(at)}>
      {localTime(at)}
    </time>
  );
}

// A sentence of the server's, with its times as all others.
export function Told({ text }: { text: string }) {
  return timesApart(text).map((piece, index) => (index % 2 === 1 ? <At key={index} at={piece} /> : piece));
}
