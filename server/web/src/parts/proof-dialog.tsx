import { Button, Group, Modal, PasswordInput, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import { stepUp } from '../api/actions';
import { proofIsAskedBy } from '../api/proof';
import { sessionQuery } from '../api/queries';
import { CodeField } from './code-field';
import { Wrong } from './door';

// Asks whoever is signed in to prove it again, when a change needs that.
export function ProofDialog() {
  const [opened, setOpened] = useState(false);
  const answer = useRef<(proven: boolean) => void>(() => undefined);
  useEffect(
    () =>
      proofIsAskedBy(
        () =>
          new Promise<boolean>((resolve) => {
            answer.current = resolve;
            setOpened(true);
          }),
      ),
    [],
  );
  const close = (proven: boolean) => {
    setOpened(false);
    answer.current(proven);
  };
  return (
    <Modal
      opened={opened}
      onClose={() => close(false)}
      title="Prove that it is you"
      zIndex={400} // above the dialog whose change asks for it
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Proof onProven={() => close(true)} onCancel={() => close(false)} />
    </Modal>
  );
}

function Proof({ onProven, onCancel }: { onProven: () => void; onCancel: () => void }) {
  const by_code = useQuery(sessionQuery).data?.second_factor.enabled ?? false;
  const [typed, setTyped] = useState('');
  const prove = useMutation({
    mutationFn: () => stepUp(by_code ? { code: typed } : { password: typed }),
    onSuccess: onProven,
  });
  const field = { value: typed, onChange: (event: { currentTarget: { value: string } }) => setTyped(event.currentTarget.value) };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation(); // the dialog may be drawn inside another form's
        prove.mutate();
      }}
    >
      <Stack gap="sm">
        <p style={{ margin: 0 }}>
          {by_code
            ? 'This changes much. Give a code of your authenticator app, or a recovery code.'
            : 'This changes much. Give your password again.'}
        </p>
        <Wrong error={prove.error} />
        {by_code ? (
          <CodeField data-autofocus {...field} />
        ) : (
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            maxLength={1024}
            data-autofocus
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            {...field}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={prove.isPending}>
            Continue
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
