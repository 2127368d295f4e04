import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

import { ApiProblem, isSignedOut } from '../api/problem';
import classes from './door.module.css';

interface DoorProps {
  title: string;
  text?: string;
  children: ReactNode;
}

// The frame of the screens before somebody is signed in.
export function Door({ title, text, children }: DoorProps) {
  useDocumentTitle(`${title} · RedFlag`);
  return (
    <main className={classes.door}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <img src="/flag.svg" alt="" width={22} height={22} />
          RedFlag
        </div>
        <h1>{title}</h1>
        {text && <p>{text}</p>}
        <div className={classes.form}>{children}</div>
      </div>
    </main>
  );
}

export function Wrong({ error }: { error: unknown }) {
  if (!error) return null;
  const wait = error instanceof ApiProblem && error.retryAfterS ? ` Try again in ${error.retryAfterS} s.` : '';
  return (
    <div className={classes.wrong} role="alert">
      {error instanceof Error ? error.message : 'An unknown error.'}
      {wait}
      {error instanceof ApiProblem && !isSignedOut(error) && (
        <div className="mono">{`${error.code} ${error.requestId ?? ''}`}</div>
      )}
    </div>
  );
}
