import type { ColumnDef, RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';

import { useMayThere } from '../../api/permissions';
import type { Update } from '../../api/types';
import { some } from '../../format/number';
import { sentence } from '../../format/words';
import { DataTable } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import type { Loaded } from '../../parts/list';
import { SelectionBar } from '../../parts/selection-bar';
import { ApproveDialog } from './approve-dialog';

interface ApprovableRowsProps {
  label: string;
  columns: ColumnDef<Update>[];
  loaded: Loaded<Update>;
}

const narrow_columns = 6;
const wide_table_px = 860;

// Rows of single machines, to select and approve.
export function ApprovableRows({ label, columns, loaded }: ApprovableRowsProps) {
  const [ids, setIds] = useState<RowSelectionState>({});
  const [wanted, setWanted] = useState<string[] | null>(null);
  const mayApprove = useMayThere('approver');
  const approvable = (update: Update) => update.approvable && mayApprove(update);
  const selected = loaded.rows.filter((update) => ids[update.id] && approvable(update)).map((update) => update.id);
  return (
    <>
      <DataTable
        label={label}
        columns={columns}
        rows={loaded.rows}
        total={loaded.total}
        cardsBelowPx={columns.length > narrow_columns ? wide_table_px : undefined}
        rowId={(update) => update.id}
        rowName={(update) => `${update.name} on ${update.hostname}`}
        hasMore={loaded.hasMore}
        loadMore={loaded.loadMore}
        selection={mayApprove(undefined) ? { ids, onChange: setIds } : undefined}
        selectable={approvable}
        unselectableBecause={(update) =>
          mayApprove(update)
            ? update.not_approvable_because && sentence(update.not_approvable_because)
            : 'Needs the role Approver there'
        }
      />
      <SelectionBar selected={selected.length} clear={() => setIds({})}>
        <GuardedButton needs="approver" size="xs" onClick={() => setWanted(selected)}>
          Approve…
        </GuardedButton>
      </SelectionBar>
      {wanted && (
        <ApproveDialog
          wanted={[{ label: some(wanted.length, 'update'), target: { update_ids: wanted } }]}
          onClose={() => setWanted(null)}
          onApproved={() => setIds({})}
        />
      )}
    </>
  );
}
