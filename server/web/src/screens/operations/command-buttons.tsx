import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { cancelCommand, retryCommand, runOutsideWindow } from '../../api/actions';
import { useRoleFor } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { Command, CommandState } from '../../api/types';
import { keysTouchedBy } from '../../live/event';
import { DecideDialog } from '../../parts/decide-dialog';
import { GuardedButton } from '../../parts/guarded-button';
import { sayDone, sayFailed } from '../../parts/said';

const not_started: CommandState[] = ['awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted'];
const may_be_tried_again: CommandState[] = ['failed', 'refused', 'expired', 'cancelled', 'lost'];

const begun_is_begun = ['install_updates', 'rollback_updates'];

// What installs can be cancelled only until it starts; other work at any time before its end. What a machine was asked to stop
// waits for its answer.
export function isCancellable(command: Command): boolean {
  if (command.cancel_asked) return false;
  return not_started.includes(command.state) || (command.state === 'running' && !begun_is_begun.includes(command.type));
}

// All that a change of this command may have changed on the screen, whether or not the event about it comes.
export function useRefresh({ id, agent_id }: Pick<Command, 'id' | 'agent_id'>) {
  const queries = useQueryClient();
  return () => {
    for (const queryKey of keysTouchedBy({ kind: 'command', data: { command_id: id, agent_id } })) void queries.invalidateQueries({ queryKey });
  };
}

// A machine that has it in hands is asked to stop; of any other one the server has stopped it.
export function stopped(before: Command, after: Command): string {
  const what = `${before.title} on ${before.hostname}`;
  if (before.state === 'lost') return `Given up: ${what}`;
  return after.state === 'cancelled' ? `Cancelled: ${what}` : `Asked ${before.hostname} to cancel: ${before.title}`;
}

interface CommandButtonsProps {
  command: Command;
  size?: 'compact-xs' | 'sm';
}

export function CommandButtons({ command, size = 'compact-xs' }: CommandButtonsProps) {
  const navigate = useNavigate();
  const refresh = useRefresh(command);
  const mayStop = useRoleFor(rights.cancelCommand, command.type);
  const mayRetry = useRoleFor(rights.retryCommand, command.type);
  const lost = command.state === 'lost';
  const cancel = useMutation({
    mutationFn: (before: Command) => cancelCommand(before.id),
    onSuccess: (after, before) => sayDone(stopped(before, after)),
    onError: (error, before) => sayFailed(before.state === 'lost' ? 'It was not given up' : 'It was not cancelled', error),
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
      needs={mayStop}
      at={command}
      size={size}
      variant="default"
      loading={cancel.isPending}
      onClick={() => cancel.mutate(command)}
      aria-label={`${stop} ${command.title} on ${command.hostname}`}
    >
      {stop}
    </GuardedButton>
  );
  if (isCancellable(command)) return stopping;
  if (!may_be_tried_again.includes(command.state)) return null;
  const retrying = (
    <GuardedButton
      needs={mayRetry}
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
  const needs = useRoleFor(rights.runOutsideWindow, command.type);
  const refresh = useRefresh(command);
  if (command.state !== 'scheduled' || command.window === null) return null;
  return (
    <>
      <GuardedButton needs={needs} at={command} size="sm" variant="default" onClick={() => setAsking(true)}>
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
            refresh();
          }}
          onClose={() => setAsking(false)}
        >
          <p>{`${command.title} on ${command.hostname} waits for ${command.window.text}. The machine’s own rules still count.`}</p>
        </DecideDialog>
      )}
    </>
  );
}
