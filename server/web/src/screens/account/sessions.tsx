import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { endSession, signOutEverywhere } from '../../api/actions';
import { ownSessionsQuery, sessionQuery } from '../../api/queries';
import type { OwnSession } from '../../api/types';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { Failure } from '../../parts/states';
import { Tag } from '../../parts/tag';
import classes from './account.module.css';

export function Sessions() {
  const { data, error, refetch } = useQuery(ownSessionsQuery);
  const queries = useQueryClient();
  const everywhere = useMutation({
    mutationFn: signOutEverywhere,
    onSuccess: () => queries.setQueryData(sessionQuery.queryKey, null),
    onError: (failure) => sayFailed('You are still signed in', failure),
  });
  return (
    <Panel
      title="Where you are signed in"
      action={
        <Button size="xs" variant="default" loading={everywhere.isPending} onClick={() => everywhere.mutate()}>
          Sign out everywhere
        </Button>
      }
    >
      {data ? (
        <SessionTable sessions={data} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
    </Panel>
  );
}

function SessionTable({ sessions }: { sessions: OwnSession[] }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: endSession,
    onSuccess: () => sayDone('Ended. That browser is signed out.'),
    onError: (error) => sayFailed('It was not ended', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey }),
  });
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Began</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span className="visually-hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id}>
            <td className="mono break">{session.address ?? 'not known'}</td>
            <td>
              <Ago at={session.created_at} />
            </td>
            <td>
              <Ago at={session.last_used_at} />
            </td>
            <td>
              {session.current ? (
                <Tag tone="info">This one</Tag>
              ) : (
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={end.isPending && end.variables === session.id}
                  onClick={() => end.mutate(session.id)}
                  aria-label={`End the session from ${session.address ?? 'an unknown address'}`}
                >
                  End
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
