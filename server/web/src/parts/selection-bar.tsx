import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

import { count } from '../format/number';
import classes from './selection-bar.module.css';

interface SelectionBarProps {
  selected: number;
  clear: () => void;
  children: ReactNode;
}

export function SelectionBar({ selected, clear, children }: SelectionBarProps) {
  if (selected === 0) return null;
  return (
    <div className={classes.bar} role="region" aria-label="Selected rows">
      <span>
        <b className="number">{count(selected)}</b> selected
      </span>
      <Button variant="default" size="xs" onClick={clear}>
        Clear
      </Button>
      {children}
    </div>
  );
}
