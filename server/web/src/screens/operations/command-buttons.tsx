import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { cancelCommand, retryCommand, runOutsideWindow } from '../../api/actions';
import type { Command, CommandState } from '../../api/types';
import { DecideDialog } from '../../parts/decide-dialog';
import { GuardedButton } from '../../parts/guarded-button';
import { sayDone, sayFailed } from '../../parts/said';

const not_started: CommandState[] = ['awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted'];
const may_be_tried_again: CommandState[] = ['failed', 'refused', 'expired', 'cancelled', 'lost'];

const begun_is_begun = ['install_updates', 'rollback_updates'];

// What installs can be cancelled only until it starts; other work at any time before its end.
export function isCancellable(command: Command): boolean {
  return not_started.includes(command.state) || (command.state === 'running' && !begun_is_begun.includes(command.type));
}

interface CommandButtonsProps {
  command: Command;
  size?: 'compact-xs' | 'sm';
}

export function CommandButtons({ command, size = 'compact-xs' }: CommandButtonsProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ['commands'] });
    void queries.invalidateQueries({ queryKey: ['command', command.id] });
  };
  const lost = command.state === 'lost';
  const cancel = useMutation({
    mutationFn: () => cancelCommand(command.id),
    onSuccess: () => sayDone(lost ? `Given up: ${command.title} on ${command.hostname}` : `Asked ${command.hostname} to cancel: ${command.title}`),
    onError: (error) => sayFailed(lost ? 'It was not given up' : 'It was not cancelled', error),
    onSettled: refresh,
  });
  const retry = useMutation({
    mutationFn: () => retryCommand(command.id),
    onSuccess: (fresh) => void navigate({ to: '/operations/$commandId', params: { commandId: fresh.id } }),
    onError: (error) => sayFailed('It was not ordered again', error),
    onSettled: refresh,
  });
  const stop = lost ? 'Give up' : 'Cancel';
  const stopping = (
    <GuardedButton
      needs="technician"
      at={command}
      size={size}
      variant="default"
      loading={cancel.isPending}
      onClick={() => cancel.mutate()}
      aria-label={`${stop} ${command.title} on ${command.hostname}`}
    >
      {stop}
    </GuardedButton>
  );
  if (isCancellable(command)) return stopping;
  if (!may_be_tried_again.includes(command.state)) return null;
  const retrying = (
    <GuardedButton
      needs="technician"
      at={command}
      size={size}
      variant="default"
      loading={retry.isPending}
      onClick={() => retry.mutate()}
      aria-label={`Retry ${command.title} on ${command.hostname}`}
    >
      Retry
    </GuardedButton>
  );
  if (!lost) return retrying;
  return (
    <>
      {stopping} {retrying}
    </>
  );
}

// For what waits for a maintenance window: now, with a reason.
export function RunOutside({ command }: { command: Command }) {
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  if (command.state !== 'scheduled' || command.window === null) return null;
  return (
    <>
      <GuardedButton needs="approver" at={command} size="sm" variant="default" onClick={() => setAsking(true)}>
        Run now…
      </GuardedButton>
      {asking && (
        <DecideDialog
          title="Run now, outside of its window"
          confirm="Run now"
          danger
          keptIn="the audit log"
          decide={(reason) => runOutsideWindow(command.id, reason)}
          onDone={() => {
            sayDone(`${command.hostname} is told to fetch the order.`);
            for (const queryKey of [['commands'], ['command', command.id], ['updates']]) void queries.invalidateQueries({ queryKey });
          }}
          onClose={() => setAsking(false)}
        >
          <p>{`${command.title} on ${command.hostname} waits for ${command.window.text}. The machine’s own rules still count.`}</p>
        </DecideDialog>
      )}
    </>
  );
}
