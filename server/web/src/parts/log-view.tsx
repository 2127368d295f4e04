import { Button } from '@mantine/core';
import { useLayoutEffect, useRef, useState } from 'react';

import type { LogLine } from '../api/types';
import { localClock, utc } from '../format/time';
import { IconArrowDown } from './icons';
import classes from './log-view.module.css';

const near_end_px = 24;
const drawn_lines = 2000;

// Raw output as it comes. It follows the end until somebody scrolls up.
export function LogView({ lines, running }: { lines: LogLine[]; running: boolean }) {
  const list = useRef<HTMLOListElement>(null);
  const [following, setFollowing] = useState(true);
  const toEnd = () => list.current?.scrollTo({ top: list.current.scrollHeight });

  useLayoutEffect(() => {
    if (following) toEnd();
  }, [lines, following]);

  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = list.current ?? { scrollHeight: 0, scrollTop: 0, clientHeight: 0 };
    setFollowing(scrollHeight - scrollTop - clientHeight < near_end_px);
  };

  if (lines.length === 0) {
    return (
      <div className={classes.log}>
        <div className={classes.empty}>{running ? 'No line yet.' : 'It wrote no line.'}</div>
      </div>
    );
  }
  const shown = lines.slice(-drawn_lines);
  return (
    <div className={classes.log}>
      {/* What scrolls has to be reachable by keyboard. */}
      <ol ref={list} onScroll={scrolled} tabIndex={0} aria-label="Log">
        {lines.length > shown.length && (
          <li>
            <span className={classes.at} />
            <span className="dim">{`${lines.length - shown.length} earlier lines are not drawn.`}</span>
          </li>
        )}
        {shown.map((line) => (
          <li key={line.seq}>
            <span className={classes.at} title={utc(line.at)}>
              {localClock(line.at)}
            </span>
            <span>{line.text}</span>
          </li>
        ))}
      </ol>
      {!following && (
        <Button
          className={classes.follow}
          size="compact-xs"
          leftSection={<IconArrowDown size={12} />}
          onClick={() => setFollowing(true)}
        >
          Follow
        </Button>
      )}
    </div>
  );
}
