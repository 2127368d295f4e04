import { Button, Group, Modal, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { addUser, changeUser, removeUser, resetSecondFactor, setUserPassword } from '../../api/actions';
import { sessionQuery, usersQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Grant, User } from '../../api/types';
import { TableSkeleton } from '../../parts/data-table';
import { Wrong } from '../../parts/door';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { Failure } from '../../parts/states';
import { AccountRow } from './account-row';
import { GrantsField, useBeginning } from './grants';
import classes from './settings.module.css';

const shortest_password = 12;

export function People() {
  const { data, error, refetch } = useQuery(usersQuery);
  const [adding, setAdding] = useState(false);
  const queries = useQueryClient();
  const changed = () => {
    void queries.invalidateQueries({ queryKey: usersQuery.queryKey });
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  return (
    <Panel
      title="People"
      note="Who may sign in"
      action={
        <Button size="xs" onClick={() => setAdding(true)}>
          Add a person…
        </Button>
      }
    >
      {data ? (
        <ul className={classes.accounts}>
          {data.map((user) => (
            <AccountRow
              key={user.id}
              name={user.username}
              account={user}
              change={(change) => changeUser(user.id, change)}
              remove={() => removeUser(user.id)}
              onChanged={changed}
              more={<LostAccess user={user} />}
            />
          ))}
        </ul>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={4} />
      )}
      <Modal opened={adding} onClose={() => setAdding(false)} title="Add a person" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <AddPerson
          onAdded={() => {
            setAdding(false);
            changed();
          }}
        />
      </Modal>
    </Panel>
  );
}

function AddPerson({ onAdded }: { onAdded: () => void }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [grants, setGrants] = useState<Grant[]>(useBeginning());
  const add = useMutation({
    mutationFn: () => addUser(username, password, grants),
    onSuccess: (user) => {
      sayDone(`${user.username} may sign in. The password can be changed on their account's screen.`);
      onAdded();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Stack gap="sm">
        <Wrong error={add.error} />
        <TextInput
          label="Username"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          maxLength={64}
          data-autofocus
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <NewPassword value={password} onChange={setPassword} />
        <GrantsField grants={grants} onChange={setGrants} />
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <PasswordInput
      label="New password"
      description={`At least ${shortest_password} characters`}
      autoComplete="new-password"
      required
      withAsterisk={false}
      minLength={shortest_password}
      maxLength={1024}
      visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

// Who forgot the password, or lost the phone.
function LostAccess({ user }: { user: User }) {
  const [password, setPassword] = useState('');
  const set = useMutation({
    mutationFn: () => setUserPassword(user.id, password),
    onSuccess: () => {
      setPassword('');
      sayDone(`${user.username} has a new password, and is signed out everywhere.`);
    },
    onError: (error) => sayFailed('The password stays as it was', error),
  });
  const reset = useMutation({
    mutationFn: () => resetSecondFactor(user.id),
    onSuccess: () => sayDone(`${user.username} has no second factor any more, and is signed out everywhere.`),
    onError: (error) => sayFailed('The second factor was not reset', error),
  });
  return (
    <form
      className={classes.lost}
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate();
      }}
    >
      <NewPassword value={password} onChange={setPassword} />
      <Group gap="xs">
        <Button type="submit" variant="default" loading={set.isPending}>
          Set this password
        </Button>
        <GuardedButton needs={rights.resetSecondFactor} at="everywhere" variant="default" loading={reset.isPending} onClick={() => reset.mutate()}>
          Reset the second factor
        </GuardedButton>
      </Group>
    </form>
  );
}
