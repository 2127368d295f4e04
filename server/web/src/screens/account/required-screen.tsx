import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';

import { signOut } from '../../api/actions';
import { sessionQuery } from '../../api/queries';
import { Door } from '../../parts/door';
import { ProofDialog } from '../../parts/proof-dialog';
import classes from './account.module.css';
import { RecoveryCodes } from './recovery-codes';
import { SetUpFactor } from './set-up-factor';

// What somebody sees whose role asks for a second factor, until there is one.
export function RequiredScreen() {
  const [codes, setCodes] = useState<string[] | null>(null);
  const queries = useQueryClient();
  const router = useRouter();
  const enter = async () => {
    await queries.refetchQueries({ queryKey: sessionQuery.queryKey });
    router.history.replace('/');
  };
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      queries.setQueryData(sessionQuery.queryKey, null);
      router.history.replace('/sign-in');
    },
  });
  return (
    <Door title="Set up a second factor" text="Your role asks for one before anything else is open to you.">
      <ProofDialog />
      <div className={classes.bare}>
        {codes ? <RecoveryCodes codes={codes} onDone={() => void enter()} /> : <SetUpFactor onDone={setCodes} />}
      </div>
      <Button variant="subtle" loading={leave.isPending} onClick={() => leave.mutate()}>
        Sign out
      </Button>
    </Door>
  );
}
