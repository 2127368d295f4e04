import { Button, Group, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { cancelCommand, confirmPlan } from '../../api/actions';
import { useRoleFor } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { CommandDetail } from '../../api/types';
import { some } from '../../format/number';
import { GuardedButton } from '../../parts/guarded-button';
import { sayDone, sayFailed } from '../../parts/said';
import { ProblemCodes } from '../../parts/states';
import { useRefresh } from './command-buttons';
import { PlanView } from './plan-view';

// A plan waits if it holds what no approval covers and its updates stand at "needs confirmation".
export function planWaits(command: CommandDetail): boolean {
  return command.extras.length > 0 && command.updates.some((update) => update.state === 'awaiting_confirmation');
}

export function ConfirmPlan({ command }: { command: CommandDetail }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const refresh = useRefresh(command);
  const mayConfirm = useRoleFor(rights.confirmPlan, command.type);
  const mayDecline = useRoleFor(rights.cancelCommand, command.type);
  const confirm = useMutation({
    mutationFn: () => confirmPlan(command.id),
    onSuccess: (install) => {
      sayDone(`Confirmed. ${command.hostname} installs as soon as its own policy allows.`);
      void navigate({ to: '/operations/$commandId', params: { commandId: install.id } });
    },
    onSettled: refresh,
  });
  const decline = useMutation({
    mutationFn: () => cancelCommand(command.id),
    onSuccess: () => sayDone(`Declined. Nothing is changed on ${command.hostname}, and its updates can be approved again.`),
    onError: (error) => sayFailed('The plan was not declined', error),
    onSettled: refresh,
  });
  const removals = command.extras.filter((step) => step.operation === 'remove').length;
  return (
    <>
      <GuardedButton needs={mayDecline} at={command} variant="default" loading={decline.isPending} onClick={() => decline.mutate()}>
        Decline the plan
      </GuardedButton>
      <GuardedButton needs={mayConfirm} at={command} onClick={() => setAsking(true)}>
        Confirm the plan…
      </GuardedButton>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Confirm the plan for ${command.hostname}`}
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <p style={{ marginTop: 0 }}>
          {`It would do ${some(command.extras.length, 'step')} that nobody has approved`}
          {removals > 0 && (
            <>
              , <b>{`${some(removals, 'removal')} among them`}</b>
            </>
          )}
          :
        </p>
        <PlanView steps={command.extras} extras={command.extras} />
        {confirm.isError && (
          <div role="alert">
            <p>{confirm.error.message}</p>
            <ProblemCodes error={confirm.error} />
          </div>
        )}
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus={removals > 0 || undefined}>
            Not now
          </Button>
          <Button
            {...(removals > 0 ? { color: 'red.9' } : {})}
            loading={confirm.isPending}
            onClick={() => confirm.mutate()}
            data-autofocus={removals === 0 || undefined}
          >
            Confirm and install
          </Button>
        </Group>
      </Modal>
    </>
  );
}
