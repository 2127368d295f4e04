import { useNow } from '../format/clock';
import { ago, localTime, utc } from '../format/time';

// A time as people say it; the exact ones, here and in UTC, on hover.
export function Ago({ at, never = 'never' }: { at: string | null; never?: string }) {
  const now = useNow();
  if (at === null) return <span className="dim">{never}</span>;
  return (
    <time className="number" dateTime={at} title={`${utc(at)}\n${localTime(at)} here`}>
      {ago(at, Math.max(now, Date.now()))}
    </time>
  );
}
