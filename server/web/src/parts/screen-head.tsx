import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

import classes from './screen-head.module.css';

interface ScreenHeadProps {
  title: string;
  tags?: ReactNode;
  actions?: ReactNode;
  below?: ReactNode;
}

export function ScreenHead({ title, tags, actions, below }: ScreenHeadProps) {
  useDocumentTitle(`${title} · RedFlag`);
  return (
    <div className={classes.head}>
      <h1>{title}</h1>
      {tags && <div className={classes.tags}>{tags}</div>}
      {actions && <div className={classes.actions}>{actions}</div>}
      {below && <div className={classes.below}>{below}</div>}
    </div>
  );
}
