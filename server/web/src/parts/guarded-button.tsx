import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';

import { useMay, type Place } from '../api/permissions';
import type { Role } from '../api/types';
import { roles } from '../format/words';

interface GuardedButtonProps extends ButtonProps {
  needs: Role;
  at?: Place; // where it is about; without, somewhere is enough
  onClick: () => void;
  type?: 'submit'; // Enter in its form presses it
  // Why it cannot be pressed now; stays focusable, so that the reason can be read.
  blocked?: string | null;
  children: ReactNode;
  'aria-label'?: string;
}

export function GuardedButton({ needs, at, onClick, blocked = null, children, ...others }: GuardedButtonProps) {
  const allowed = useMay(needs, at);
  const reason = allowed ? blocked : `Needs the role ${roles[needs]}${at === 'everywhere' ? ' of everything' : at ? ' there' : ''}`;
  const press = (event: MouseEvent) => {
    event.preventDefault();
    if (reason === null) onClick();
  };
  return (
    <Tooltip label={reason} disabled={reason === null} events={{ hover: true, focus: true, touch: true }}>
      <Button {...others} onClick={press} {...(reason === null ? {} : { 'data-disabled': true, 'aria-disabled': true })}>
        {children}
      </Button>
    </Tooltip>
  );
}
