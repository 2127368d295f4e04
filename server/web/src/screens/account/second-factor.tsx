import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { renewRecoveryCodes, turnSecondFactorOff } from '../../api/actions';
import { secondFactorQuery, sessionQuery } from '../../api/queries';
import type { SecondFactor as Factor } from '../../api/types';
import { some } from '../../format/number';
import { Ago } from '../../parts/ago';
import { CodeField } from '../../parts/code-field';
import { TableSkeleton } from '../../parts/data-table';
import { Wrong } from '../../parts/door';
import { Facts, Panel } from '../../parts/panel';
import { sayDone } from '../../parts/said';
import { Failure } from '../../parts/states';
import { Tag } from '../../parts/tag';
import classes from './account.module.css';
import { RecoveryCodes } from './recovery-codes';
import { SetUpFactor } from './set-up-factor';

export function SecondFactor() {
  const { data, error, refetch } = useQuery(secondFactorQuery);
  const queries = useQueryClient();
  const [codes, setCodes] = useState<string[] | null>(null);
  const changed = () => {
    void queries.invalidateQueries({ queryKey: secondFactorQuery.queryKey });
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  const show = (fresh: string[]) => {
    setCodes(fresh);
    changed();
  };
  return (
    <Panel title="Second factor" note="Keeps out who has learnt your password">
      {codes ? (
        <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />
      ) : !data ? (
        error ? <Failure error={error} retry={() => void refetch()} /> : <TableSkeleton rows={2} />
      ) : data.enabled ? (
        <Enabled factor={data} onCodes={show} onOff={changed} />
      ) : (
        <SetUpFactor onDone={show} />
      )}
    </Panel>
  );
}

const few_codes = 3;

function Enabled({ factor, onCodes, onOff }: { factor: Factor; onCodes: (codes: string[]) => void; onOff: () => void }) {
  const [doing, setDoing] = useState<'codes' | 'off' | null>(null);
  const left = factor.recovery_codes_left;
  return (
    <>
      <Facts
        facts={[
          ['Authenticator app', <Tag key="on" tone="good">On</Tag>],
          ['Since', factor.since ? <Ago key="since" at={factor.since} /> : '–'],
          [
            'Recovery codes',
            left < few_codes ? <Tag key="few" tone="warning">{`${left} left`}</Tag> : `${some(left, 'code')} left`,
          ],
        ]}
      />
      {doing === null && (
        <div className={classes.actions}>
          <Button variant="default" onClick={() => setDoing('codes')}>
            New recovery codes…
          </Button>
          <Button variant="default" onClick={() => setDoing('off')}>
            Turn off…
          </Button>
        </div>
      )}
      {doing === 'codes' && <NewCodes onCodes={onCodes} onCancel={() => setDoing(null)} />}
      {doing === 'off' && <TurnOff factor={factor} onOff={onOff} onCancel={() => setDoing(null)} />}
    </>
  );
}

function NewCodes({ onCodes, onCancel }: { onCodes: (codes: string[]) => void; onCancel: () => void }) {
  const [code, setCode] = useState('');
  const renew = useMutation({ mutationFn: () => renewRecoveryCodes(code), onSuccess: onCodes });
  return (
    <form
      className={classes.part}
      onSubmit={(event) => {
        event.preventDefault();
        renew.mutate();
      }}
    >
      <p>The ones you have end at once.</p>
      <Wrong error={renew.error} />
      <CodeField autoFocus value={code} onChange={(event) => setCode(event.currentTarget.value)} />
      <div className={classes.buttons}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" loading={renew.isPending}>
          Make new codes
        </Button>
      </div>
    </form>
  );
}

function TurnOff({ factor, onOff, onCancel }: { factor: Factor; onOff: () => void; onCancel: () => void }) {
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const off = useMutation({
    mutationFn: () => turnSecondFactorOff(password, code),
    onSuccess: () => {
      sayDone('The second factor is off. Your password alone signs you in.');
      onOff();
    },
  });
  return (
    <form
      className={classes.part}
      onSubmit={(event) => {
        event.preventDefault();
        off.mutate();
      }}
    >
      <p>
        {factor.required
          ? 'Your role asks for a second factor: without one you can do nothing but set one up again.'
          : 'Your password alone will then sign you in.'}
      </p>
      <Wrong error={off.error} />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        maxLength={1024}
        autoFocus
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <CodeField value={code} onChange={(event) => setCode(event.currentTarget.value)} />
      <div className={classes.buttons}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" color="red.9" loading={off.isPending}>
          Turn it off
        </Button>
      </div>
    </form>
  );
}
