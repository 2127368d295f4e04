import { Button, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { changePassword } from '../../api/actions';
import { ownSessionsQuery, sessionQuery } from '../../api/queries';
import { Wrong } from '../../parts/door';
import { Panel } from '../../parts/panel';
import { sayDone } from '../../parts/said';
import classes from './account.module.css';

const shortest_password = 12;

const fields = [
  { name: 'old', label: 'Password until now', autoComplete: 'current-password' },
  { name: 'fresh', label: 'New password', autoComplete: 'new-password' },
  { name: 'again', label: 'New password again', autoComplete: 'new-password' },
] as const;

export function Password() {
  const queries = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { old: '', fresh: '', again: '' },
    validate: {
      fresh: (value) => (value.length < shortest_password ? `At least ${shortest_password} characters` : null),
      again: (value, all) => (value === all.fresh ? null : 'The two passwords differ'),
    },
  });
  const change = useMutation({
    mutationFn: ({ old, fresh }: { old: string; fresh: string }) => changePassword(old, fresh),
    onSuccess: (session) => {
      form.reset();
      queries.setQueryData(sessionQuery.queryKey, session);
      void queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey });
      sayDone('Changed. You are signed out everywhere else.');
    },
  });
  return (
    <Panel title="Password">
      <form className={classes.password} onSubmit={form.onSubmit((given) => change.mutate(given))}>
        <Wrong error={change.error} />
        {fields.map(({ name, label, autoComplete }) => (
          <PasswordInput
            key={form.key(name)}
            label={label}
            autoComplete={autoComplete}
            required
            withAsterisk={false}
            maxLength={1024}
            visibilityToggleButtonProps={{ 'aria-label': `Show: ${label}` }}
            {...form.getInputProps(name)}
          />
        ))}
        <Button type="submit" variant="default" loading={change.isPending}>
          Change it
        </Button>
      </form>
    </Panel>
  );
}
