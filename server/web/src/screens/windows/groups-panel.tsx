import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { groupsOfMachinesQuery } from '../../api/queries';
import type { Group } from '../../api/types';
import { some } from '../../format/number';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { Failure } from '../../parts/states';
import { GroupDialog } from './group-dialog';
import classes from './windows.module.css';

// Machines of a client that people take together, wherever they are.
export function GroupsPanel() {
  const { data, error, refetch } = useQuery(groupsOfMachinesQuery);
  const [asking, setAsking] = useState<Group | 'new' | null>(null);
  return (
    <Panel
      title="Groups of machines"
      note="Of one client, whatever their sites; each can have maintenance windows"
      action={
        <GuardedButton needs="approver" size="xs" onClick={() => setAsking('new')}>
          Add a group…
        </GuardedButton>
      }
    >
      {data ? (
        data.length === 0 ? (
          <p className={classes.none}>No group.</p>
        ) : (
          <ul className={classes.rows} aria-label="Groups of machines">
            {data.map((group) => (
              <li key={group.id}>
                <span className={classes.head}>
                  <b>{group.name}</b>
                  <span className="dim">{`${group.client_name} · ${some(group.agents, 'machine')}`}</span>
                </span>
                <Button size="compact-xs" variant="default" aria-label={`Change the group ${group.name}`} onClick={() => setAsking(group)}>
                  Change…
                </Button>
              </li>
            ))}
          </ul>
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={2} />
      )}
      {asking && <GroupDialog group={asking === 'new' ? null : asking} onClose={() => setAsking(null)} />}
    </Panel>
  );
}
