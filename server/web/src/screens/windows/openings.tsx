import type { WindowOpening } from '../../api/types';
import { localTime, timeIn, utc } from '../../format/time';
import { Tag } from '../../parts/tag';
import classes from './windows.module.css';

interface OpeningsProps {
  next: WindowOpening[];
  zone: string;
  open?: boolean; // the first of them is
}

// When it opens next, on the clocks that it goes by.
export function Openings({ next, zone, open = false }: OpeningsProps) {
  if (next.length === 0) return <p className={classes.plain}>It never opens again.</p>;
  return (
    <ol className={classes.openings}>
      {next.map((one, index) => (
        <li key={one.opens_at}>
          <time dateTime={one.opens_at} title={`${utc(one.opens_at)}\n${localTime(one.opens_at)} here`}>
            {timeIn(zone, one.opens_at)}
          </time>
          {' to '}
          <time dateTime={one.closes_at} title={`${utc(one.closes_at)}\n${localTime(one.closes_at)} here`}>
            {timeIn(zone, one.closes_at)}
          </time>
          {open && index === 0 && (
            <>
              {' '}
              <Tag tone="good">open now</Tag>
            </>
          )}
        </li>
      ))}
    </ol>
  );
}
