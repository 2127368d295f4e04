import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

import { signIn, signInByCode } from '../../api/actions';
import { ApiProblem } from '../../api/problem';
import { sessionQuery } from '../../api/queries';
import type { Session } from '../../api/types';
import { CodeField } from '../../parts/code-field';
import { Door, Wrong } from '../../parts/door';

const route = getRouteApi('/sign-in');

export function SignInScreen() {
  const { next } = route.useSearch();
  const router = useRouter();
  const queries = useQueryClient();
  // What the last person saw is not for the next one.
  useEffect(() => queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }), [queries]);
  const [half, setHalf] = useState(false); // the password was right
  const enter = (session: Session) => {
    queries.setQueryData(sessionQuery.queryKey, session);
    router.history.replace(next ?? '/');
  };
  if (half) return <CodeStep onEntered={enter} onBack={() => setHalf(false)} />;
  return <PasswordStep onAnswer={(session) => (session ? enter(session) : setHalf(true))} />;
}

function PasswordStep({ onAnswer }: { onAnswer: (session: Session | null) => void }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { username: '', password: '' } });
  const enter = useMutation({
    mutationFn: (given: { username: string; password: string }) => signIn(given.username, given.password),
    onSuccess: onAnswer,
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

function CodeStep({ onEntered, onBack }: { onEntered: (session: Session) => void; onBack: () => void }) {
  const [code, setCode] = useState('');
  const enter = useMutation({ mutationFn: () => signInByCode(code), onSuccess: onEntered });
  const over = enter.error instanceof ApiProblem && enter.error.code === 'sign_in.expired';
  return (
    <Door title="Second factor" text="Give the code that your authenticator app shows, or a recovery code.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate();
        }}
        style={{ display: 'contents' }}
      >
        <Wrong error={enter.error} />
        <CodeField autoFocus value={code} onChange={(event) => setCode(event.currentTarget.value)} />
        <Button type="submit" size="md" loading={enter.isPending} disabled={over}>
          Sign in
        </Button>
        <Button variant="subtle" onClick={onBack}>
          Begin again
        </Button>
      </form>
    </Door>
  );
}
