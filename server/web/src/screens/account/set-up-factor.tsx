import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { beginSecondFactor, confirmSecondFactor } from '../../api/actions';
import { ownSessionsQuery } from '../../api/queries';
import type { NewSecondFactor } from '../../api/types';
import { CodeField } from '../../parts/code-field';
import { Wrong } from '../../parts/door';
import classes from './account.module.css';
import { QrCode } from './qr-code';

// From the first word to a confirmed code. The secret is shown while it is being set up, and never again.
export function SetUpFactor({ onDone }: { onDone: (recoveryCodes: string[]) => void }) {
  const begin = useMutation({ mutationFn: beginSecondFactor });
  if (begin.data) return <Confirm made={begin.data} onDone={onDone} />;
  return (
    <div className={classes.part}>
      <p>
        An authenticator app on your phone shows a code that changes every 30 seconds. Signing in then takes your password
        and such a code.
      </p>
      <Wrong error={begin.error} />
      <Button onClick={() => begin.mutate()} loading={begin.isPending}>
        Set it up
      </Button>
    </div>
  );
}

function Confirm({ made, onDone }: { made: NewSecondFactor; onDone: (recoveryCodes: string[]) => void }) {
  const [code, setCode] = useState('');
  const queries = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => confirmSecondFactor(code),
    onSuccess: (codes) => {
      onDone(codes);
      void queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey });
    },
  });
  return (
    <form
      className={classes.setUp}
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <QrCode text={made.uri} label="QR code for an authenticator app" />
      <div className={classes.part}>
        <p>Scan this with an authenticator app, or type the key into it:</p>
        <code className={classes.key}>{made.secret.match(/.{1,4}/g)?.join(' ')}</code>
        <Wrong error={confirm.error} />
        <CodeField
          label="Code that the app shows"
          inputMode="numeric"
          autoFocus
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" loading={confirm.isPending}>
          Confirm
        </Button>
      </div>
    </form>
  );
}
