import { NumberInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { setSecondPersonRule } from '../../api/actions';
import { secondPersonRulesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { SecondPersonRule } from '../../api/types';
import { count } from '../../format/number';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { Failure } from '../../parts/states';
import classes from './security.module.css';

const names: Record<SecondPersonRule['risk'], string> = {
  high: 'Installing updates, and other orders of high risk',
  destructive: 'Restarts, and other destructive orders',
};
const most = 1_000_000;

function inWords(machines: number): string {
  if (machines === 0) return 'one person is enough';
  return machines === 1 ? 'a second person always' : `a second person from ${count(machines)} machines on`;
}

export function SecondPerson() {
  const { data, error, refetch } = useQuery(secondPersonRulesQuery);
  return (
    <Panel title="Second person" note="From how many machines on, of one person within an hour; 0: never">
      {data ? (
        <ul className={classes.limits}>
          {data.map((rule) => (
            <Rule key={`${rule.risk} ${rule.set}`} rule={rule} />
          ))}
        </ul>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={2} />
      )}
    </Panel>
  );
}

function Rule({ rule }: { rule: SecondPersonRule }) {
  const [value, setValue] = useState<string | number>(rule.set);
  const queries = useQueryClient();
  const name = names[rule.risk];
  const valid = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
  const change = useMutation({
    mutationFn: () => setSecondPersonRule(rule.risk, Number(value)),
    onSuccess: (now) => sayDone(now.set_counts_at ? 'Changed; it asks for less, and so counts in a day.' : 'Changed; it counts at once.'),
    onError: (error) => sayFailed('The rule was not changed', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: secondPersonRulesQuery.queryKey }),
  });
  return (
    <li>
      <div className={classes.what}>
        <strong>{name}</strong>
        <p>
          {`Now: ${inWords(rule.machines)}`}
          {rule.set_counts_at && (
            <>
              {`; ${inWords(rule.set)} `}
              <Ago at={rule.set_counts_at} />
            </>
          )}
          {rule.changed_by && `, set by ${rule.changed_by}`}
        </p>
      </div>
      <NumberInput
        aria-label={`Machines: ${name}`}
        size="xs"
        min={0}
        max={most}
        allowDecimal={false}
        clampBehavior="strict"
        value={value}
        onChange={setValue}
      />
      <GuardedButton
        needs={rights.setSecondPersonRule}
        at="everywhere"
        size="xs"
        variant="default"
        loading={change.isPending}
        blocked={!valid ? 'A whole number from 0 to 1,000,000' : value === rule.set ? 'It is this already' : null}
        aria-label={`Change: ${name}`}
        onClick={() => change.mutate()}
      >
        Change
      </GuardedButton>
    </li>
  );
}
