import type { ReactNode } from 'react';

import classes from './panel.module.css';

interface PanelProps {
  title: string;
  note?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}

export function Panel({ title, note, action, children }: PanelProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      <div className={classes.title}>
        <h2>{title}</h2>
        {note && <span>{note}</span>}
        {action}
      </div>
      {children}
    </section>
  );
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
