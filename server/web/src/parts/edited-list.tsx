import type { UseQueryResult } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import type { Role } from '../api/types';
import { TableSkeleton } from './data-table';
import { GuardedButton } from './guarded-button';
import { Panel } from './panel';
import { Failure, None } from './states';

interface EditedListProps<Item> {
  title: string;
  note: string;
  needs: Role; // to add one
  add: string;
  none: string; // what it means that there is none
  query: UseQueryResult<Item[]>;
  list: (items: Item[], change: (item: Item) => void) => ReactNode;
  dialog: (item: Item | null, onClose: () => void) => ReactNode; // null: of a new one
}

// Things of one kind that people add and change in a dialog.
export function EditedList<Item>({ title, note, needs, add, none, query, list, dialog }: EditedListProps<Item>) {
  const { data, error, refetch } = query;
  const [asked, setAsked] = useState<{ item: Item | null } | null>(null);
  return (
    <Panel
      title={title}
      note={note}
      action={
        <GuardedButton needs={needs} size="xs" onClick={() => setAsked({ item: null })}>
          {add}
        </GuardedButton>
      }
    >
      {data ? (
        data.length === 0 ? (
          <None>{none}</None>
        ) : (
          list(data, (item) => setAsked({ item }))
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
      {asked && dialog(asked.item, () => setAsked(null))}
    </Panel>
  );
}
