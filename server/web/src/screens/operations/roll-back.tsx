import { Button, Group, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { newIntention, orderCommand } from '../../api/actions';
import { useRoleFor } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { CommandDetail, PlanStep } from '../../api/types';
import { some } from '../../format/number';
import { GuardedButton } from '../../parts/guarded-button';
import { sayDone } from '../../parts/said';
import { ProblemCodes } from '../../parts/states';
import { PlanView } from './plan-view';

const rollback = 'rollback_updates';

type DoneStep = PlanStep & { result?: string };

// What this install replaced, the other way round. What it brought anew stays: nothing was there before.
export function stepsBack(command: Pick<CommandDetail, 'type' | 'results'>): PlanStep[] {
  if (command.type !== 'install_updates') return [];
  const [result] = (command.results ?? []) as { steps?: DoneStep[] }[];
  return (result?.steps ?? [])
    .filter((step) => step.result === 'done' && step.operation === 'upgrade' && step.from !== '')
    .map((step) => ({ ...step, operation: 'downgrade', from: step.to, to: step.from }));
}

export function RollBack({ command }: { command: CommandDetail }) {
  const [asking, setAsking] = useState(false);
  const [intention] = useState(newIntention);
  const navigate = useNavigate();
  const needs = useRoleFor(rights.createCommands, rollback);
  const steps = stepsBack(command);
  const manager = command.actions[0]?.plugin ?? '';
  const order = useMutation({
    mutationFn: () =>
      orderCommand(
        rollback,
        [command.agent_id],
        { manager, updates: steps.map(({ name, arch, from, to }) => ({ name, arch, from, to })) },
        intention,
      ),
    onSuccess: ([placed]) => {
      sayDone(`Ordered. ${command.hostname} goes back if the versions can still be had and its own policy allows it.`);
      if (placed) void navigate({ to: '/operations/$commandId', params: { commandId: placed.id } });
    },
  });
  if (steps.length === 0) return null;
  return (
    <>
      <GuardedButton needs={needs} at={command} size="sm" variant="default" onClick={() => setAsking(true)}>
        Roll back…
      </GuardedButton>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Roll back on ${command.hostname}`}
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <p style={{ marginTop: 0 }}>
          {`${some(steps.length, 'package')} would go back to the version before, exactly as listed, or nothing changes. The machine says so if a version cannot be had any more; its own policy has to allow downgrades.`}
        </p>
        <PlanView steps={steps} />
        {order.isError && (
          <div role="alert">
            <p>{order.error.message}</p>
            <ProblemCodes error={order.error} />
          </div>
        )}
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            Not now
          </Button>
          <Button color="red.9" loading={order.isPending} onClick={() => order.mutate()}>
            Roll back
          </Button>
        </Group>
      </Modal>
    </>
  );
}
