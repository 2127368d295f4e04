import type { Tone } from '../format/words';
import classes from './bar.module.css';

interface Share {
  key: string;
  value: number;
  tone: Tone;
}

// How a total divides, at a glance; the numbers are always beside it as text.
export function Bar({ shares }: { shares: Share[] }) {
  return (
    <div className={classes.bar} aria-hidden>
      {shares
        .filter((share) => share.value > 0)
        .map((share) => (
          <span key={share.key} data-tone={share.tone} style={{ flexGrow: share.value }} />
        ))}
    </div>
  );
}
