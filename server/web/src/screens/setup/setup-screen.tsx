import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';

import { setUp } from '../../api/actions';
import { sessionQuery, setupQuery } from '../../api/queries';
import { Door, Wrong } from '../../parts/door';
import { takeToken } from './token';

const shortest_password = 12;

export function SetupScreen() {
  const { data: open, error, refetch } = useQuery(setupQuery);
  const [token] = useState(takeToken);
  if (error) {
    return (
      <Door title="First administrator">
        <Wrong error={error} />
        <Button variant="default" onClick={() => void refetch()}>
          Try again
        </Button>
      </Door>
    );
  }
  if (open === false) {
    return (
      <Door title="Set-up is done" text="This server has its first administrator; the link is used up.">
        <Button component={Link} to="/sign-in">
          Sign in
        </Button>
      </Door>
    );
  }
  return <FirstAdmin token={token} />;
}

function FirstAdmin({ token }: { token: string }) {
  const router = useRouter();
  const queries = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { token, username: '', password: '', again: '' },
    validate: {
      password: (value) => (value.length < shortest_password ? `At least ${shortest_password} characters` : null),
      again: (value, all) => (value === all.password ? null : 'The two passwords differ'),
    },
  });
  const make = useMutation({
    mutationFn: (given: { token: string; username: string; password: string }) =>
      setUp(given.token.trim(), given.username, given.password),
    onSuccess: (session) => {
      queries.setQueryData(setupQuery.queryKey, false);
      queries.setQueryData(sessionQuery.queryKey, session);
      router.history.replace('/');
    },
  });

  return (
    <Door title="First administrator" text="Nobody can sign in yet. The account made here may do everything.">
      <form onSubmit={form.onSubmit((given) => make.mutate(given))} style={{ display: 'contents' }}>
        <Wrong error={make.error} />
        {token === '' && (
          <TextInput
            label="One-time token"
            description="The server prints a link on its console when it starts; the token is its last part."
            required
            withAsterisk={false}
            maxLength={256}
            key={form.key('token')}
            {...form.getInputProps('token')}
          />
        )}
        <TextInput
          label="Username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          maxLength={64}
          autoFocus
          key={form.key('username')}
          {...form.getInputProps('username')}
        />
        <PasswordInput
          label="Password"
          description={`At least ${shortest_password} characters`}
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={1024}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <PasswordInput
          label="Password again"
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={1024}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the second password' }}
          key={form.key('again')}
          {...form.getInputProps('again')}
        />
        <Button type="submit" size="md" loading={make.isPending}>
          Make the account and sign in
        </Button>
      </form>
    </Door>
  );
}
