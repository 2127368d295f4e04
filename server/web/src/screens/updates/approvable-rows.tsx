import type { ColumnDef, RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';

import { useMayThere } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { Update } from '../../api/types';
import { some } from '../../format/number';
import { sentence } from '../../format/words';
import { DataTable } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import type { Loaded } from '../../parts/list';
import { SelectionBar } from '../../parts/selection-bar';
import { ApproveDialog } from './approve-dialog';
import { IgnoreDialog } from './ignore-dialog';
import { ignorableRow, type Ignorable } from './ignoring';

interface ApprovableRowsProps {
  label: string;
  columns: ColumnDef<Update>[];
  loaded: Loaded<Update>;
}

const narrow_columns = 6;
const wide_table_px = 860;

// What nobody works on, and no rule covers yet.
const ignorable = (update: Update) => ['available', 'failed', 'cleared'].includes(update.state);

// Rows of single machines, to select and approve, or ignore.
export function ApprovableRows({ label, columns, loaded }: ApprovableRowsProps) {
  const [ids, setIds] = useState<RowSelectionState>({});
  const [wanted, setWanted] = useState<string[] | null>(null);
  const [unwanted, setUnwanted] = useState<Ignorable[] | null>(null);
  const mayApprove = useMayThere(rights.approve);
  const selectable = (update: Update) => (update.approvable || ignorable(update)) && mayApprove(update);
  const chosen = loaded.rows.filter((update) => ids[update.id] && selectable(update));
  const selected = chosen.filter((update) => update.approvable).map((update) => update.id);
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
        selectable={selectable}
        unselectableBecause={(update) =>
          mayApprove(update)
            ? update.not_approvable_because && sentence(update.not_approvable_because)
            : 'Needs the role Approver there'
        }
      />
      <SelectionBar selected={chosen.length} clear={() => setIds({})}>
        <GuardedButton needs={rights.createIgnoreRule} size="xs" variant="default" onClick={() => setUnwanted(chosen.map(ignorableRow))}>
          Ignore…
        </GuardedButton>
        <GuardedButton
          needs={rights.approve}
          size="xs"
          blocked={selected.length === 0 ? 'None of these can be approved now' : null}
          onClick={() => setWanted(selected)}
        >
          Approve…
        </GuardedButton>
      </SelectionBar>
      {unwanted && <IgnoreDialog wanted={unwanted} onClose={() => setUnwanted(null)} onDone={() => setIds({})} />}
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
