import { Button, Group, Modal, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { ProblemCodes } from './states';

interface DecideDialogProps {
  title: string;
  children: ReactNode;
  confirm: string;
  danger?: boolean;
  keptIn?: string;
  decide: (reason: string) => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
}

// A decision that is recorded with its reason.
export function DecideDialog({ title, children, confirm, danger = false, keptIn = 'the machine’s history', decide, onDone, onClose }: DecideDialogProps) {
  const [reason, setReason] = useState('');
  const run = useMutation({
    mutationFn: () => decide(reason.trim()),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        {children}
        <Textarea
          label="Reason"
          description={`Kept in ${keptIn}, with your name`}
          value={reason}
          maxLength={500}
          required
          data-autofocus
          autosize
          minRows={2}
          onChange={(event) => setReason(event.currentTarget.value.replaceAll('\n', ' '))}
        />
        {run.isError && (
          <div role="alert">
            <p>{run.error.message}</p>
            <ProblemCodes error={run.error} />
          </div>
        )}
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button type="submit" loading={run.isPending} disabled={reason.trim() === ''} {...(danger ? { color: 'red.9' } : {})}>
            {confirm}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
