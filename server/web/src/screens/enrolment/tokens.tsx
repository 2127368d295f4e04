import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { revokeToken } from '../../api/actions';
import { tokensQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { EnrolmentToken } from '../../api/types';
import { useNow } from '../../format/clock';
import { count } from '../../format/number';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { Failure, State } from '../../parts/states';
import { Tag } from '../../parts/tag';
import type { Word } from '../../format/words';
import classes from './enrolment.module.css';

export function standingOf(token: EnrolmentToken, nowMs: number): Word {
  if (token.revoked) return { text: 'Revoked', tone: 'quiet' };
  if (token.seats_used >= token.seats) return { text: 'Used up', tone: 'quiet' };
  if (Date.parse(token.expires_at) <= nowMs) return { text: 'Expired', tone: 'quiet' };
  return { text: 'Open', tone: 'info' };
}

export function Tokens() {
  const { data, error, refetch } = useQuery(tokensQuery);
  return (
    <Panel title="Tokens" note="An open one lets as many machines in as it has seats">
      {data ? (
        data.length === 0 ? (
          <State title="No token was made yet" />
        ) : (
          <TokenTable tokens={data} />
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
    </Panel>
  );
}

function TokenTable({ tokens }: { tokens: EnrolmentToken[] }) {
  const now = useNow();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: revokeToken,
    onSuccess: () => sayDone('Revoked. No further machine can use it.'),
    onError: (error) => sayFailed('It was not revoked', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  return (
    <table className={classes.tokens}>
      <thead>
        <tr>
          <th scope="col">Made</th>
          <th scope="col">Expires</th>
          <th scope="col">Seats used</th>
          <th scope="col">Let in</th>
          <th scope="col">State</th>
          <th scope="col">
            <span className="visually-hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => {
          const word = standingOf(token, now);
          return (
            <tr key={token.id}>
              <td>
                <Ago at={token.created_at} />
              </td>
              <td>
                <Ago at={token.expires_at} />
              </td>
              <td className="number">{`${count(token.seats_used)} of ${count(token.seats)}`}</td>
              <td>{token.accept === 'manual' ? 'by a person' : 'by the token'}</td>
              <td>
                <Tag tone={word.tone}>{word.text}</Tag>
              </td>
              <td>
                {word.text === 'Open' && (
                  <GuardedButton
                    needs={rights.revokeEnrolmentToken}
                    size="compact-xs"
                    variant="default"
                    loading={revoke.isPending && revoke.variables === token.id}
                    onClick={() => revoke.mutate(token.id)}
                  >
                    Revoke
                  </GuardedButton>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
