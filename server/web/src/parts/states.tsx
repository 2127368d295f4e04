import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

import { ApiProblem, isAway, isForbidden, Unreachable } from '../api/problem';
import { IconAlertTriangle, IconCloudOff, IconLock, IconSearchOff } from './icons';
import classes from './states.module.css';

interface StateProps {
  title: string;
  children?: ReactNode;
  icon?: ReactNode;
  tone?: 'critical' | 'warning' | 'quiet';
  action?: ReactNode;
}

export function State({ title, children, icon, tone = 'quiet', action }: StateProps) {
  return (
    <div className={classes.state} data-tone={tone}>
      {icon && <span className={classes.mark}>{icon}</span>}
      <h2>{title}</h2>
      {children}
      {action}
    </div>
  );
}

// In a panel that has nothing to list.
export function None({ children }: { children: ReactNode }) {
  return <p className={classes.none}>{children}</p>;
}

export function NoPermission() {
  return (
    <State title="Your role does not allow this" icon={<IconLock size={32} stroke={1.5} />}>
      <p>An administrator can give you another role.</p>
    </State>
  );
}

// Code and request id are shown as they are: they are what an administrator searches the log for.
export function ProblemCodes({ error }: { error: unknown }) {
  if (!(error instanceof ApiProblem)) return null;
  return (
    <dl className={classes.codes}>
      <div>
        <dt>code</dt>
        <dd>{error.code}</dd>
      </div>
      {error.requestId && (
        <div>
          <dt>request</dt>
          <dd>{error.requestId}</dd>
        </div>
      )}
    </dl>
  );
}

function failureText(error: unknown): string {
  if (error instanceof Unreachable) return 'Is it running, and is this computer connected?';
  return error instanceof Error ? error.message : 'An unknown error.';
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (isForbidden(error)) return <NoPermission />;
  const away = isAway(error);
  return (
    <div role="alert">
      <State
        title={away ? 'The server does not answer' : 'That did not work'}
        tone={away ? 'warning' : 'critical'}
        icon={away ? <IconCloudOff size={32} stroke={1.5} /> : <IconAlertTriangle size={32} stroke={1.5} />}
        action={
          retry && (
            <Button variant="default" onClick={retry}>
              Try again
            </Button>
          )
        }
      >
        <p>{failureText(error)}</p>
        <ProblemCodes error={error} />
      </State>
    </div>
  );
}

export function NothingFound({ clear }: { clear: () => void }) {
  return (
    <State
      title="Nothing matches these filters"
      icon={<IconSearchOff size={32} stroke={1.5} />}
      action={
        <Button variant="default" onClick={clear}>
          Clear the filters
        </Button>
      }
    />
  );
}
