import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

import { signIn } from '../../api/actions';
import { sessionQuery } from '../../api/queries';
import { Door, Wrong } from '../../parts/door';

const route = getRouteApi('/sign-in');

export function SignInScreen() {
  const { next } = route.useSearch();
  const router = useRouter();
  const queries = useQueryClient();
  // What the last person saw is not for the next one.
  useEffect(() => queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }), [queries]);
  const form = useForm({ mode: 'uncontrolled', initialValues: { username: '', password: '' } });
  const enter = useMutation({
    mutationFn: (given: { username: string; password: string }) => signIn(given.username, given.password),
    onSuccess: (session) => {
      queries.setQueryData(sessionQuery.queryKey, session);
      router.history.replace(next ?? '/');
    },
  });

  return (
    <Door title="Sign in">
      <form onSubmit={form.onSubmit((given) => enter.mutate(given))} style={{ display: 'contents' }}>
        <Wrong error={enter.error} />
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
          autoComplete="current-password"
          required
          withAsterisk={false}
          maxLength={1024}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <Button type="submit" size="md" loading={enter.isPending}>
          Sign in
        </Button>
      </form>
    </Door>
  );
}
