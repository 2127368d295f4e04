import { NumberInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { resetRateLimit, setRateLimit } from '../../api/actions';
import { rateLimitsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { RateLimit } from '../../api/types';
import { count } from '../../format/number';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { Failure } from '../../parts/states';
import classes from './security.module.css';

export function RateLimits() {
  const { data, error, refetch } = useQuery(rateLimitsQuery);
  return (
    <Panel title="Rate limits" note="A minute; what is more is told to wait">
      {data ? (
        <ul className={classes.limits}>
          {data.map((limit) => (
            <Limit key={`${limit.policy} ${limit.per_minute}`} limit={limit} />
          ))}
        </ul>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
    </Panel>
  );
}

function originOf(limit: RateLimit): string {
  if (limit.set !== null) return `set here; otherwise ${count(limit.configured ?? limit.usual)}`;
  return limit.configured === null ? 'the default' : `from server.yaml; the default is ${count(limit.usual)}`;
}

function Limit({ limit }: { limit: RateLimit }) {
  const [value, setValue] = useState<string | number>(limit.per_minute);
  const queries = useQueryClient();
  const valid = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1_000_000;
  const after = {
    onError: (error: unknown) => sayFailed('The limit was not changed', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: rateLimitsQuery.queryKey }),
  };
  const change = useMutation({
    mutationFn: () => setRateLimit(limit.policy, Number(value)),
    onSuccess: () => sayDone('Changed; it counts at once.'),
    ...after,
  });
  const reset = useMutation({ mutationFn: () => resetRateLimit(limit.policy), onSuccess: () => sayDone('As before.'), ...after });
  return (
    <li>
      <div className={classes.what}>
        <strong>{limit.text}</strong>
        <p>{originOf(limit)}</p>
      </div>
      <NumberInput
        aria-label={`A minute: ${limit.text}`}
        size="xs"
        min={1}
        max={1_000_000}
        allowDecimal={false}
        clampBehavior="strict"
        value={value}
        onChange={setValue}
      />
      <GuardedButton
        needs={rights.setRateLimit}
        at="everywhere"
        size="xs"
        variant="default"
        loading={change.isPending}
        blocked={!valid ? 'A whole number from 1 to 1,000,000' : value === limit.per_minute ? 'It is this already' : null}
        aria-label={`Change: ${limit.text}`}
        onClick={() => change.mutate()}
      >
        Change
      </GuardedButton>
      {limit.set !== null && (
        <GuardedButton
          needs={rights.resetRateLimit}
          at="everywhere"
          size="xs"
          variant="subtle"
          loading={reset.isPending}
          aria-label={`Reset: ${limit.text}`}
          onClick={() => reset.mutate()}
        >
          Reset
        </GuardedButton>
      )}
    </li>
  );
}
