import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { RowSelectionState } from '@tanstack/react-table';
import { useMemo, useState } from 'react';

import { useMay } from '../../api/permissions';
import { groupsQuery, rowCountQuery, type GroupFilter } from '../../api/queries';
import { rights } from '../../api/rights';
import type { UpdateGroup } from '../../api/types';
import { DataTable } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { ListStates, useLoaded } from '../../parts/list';
import { ScreenHead } from '../../parts/screen-head';
import { SelectionBar } from '../../parts/selection-bar';
import { NothingFound } from '../../parts/states';
import type { Wanted } from './approval';
import { ApproveDialog } from './approve-dialog';
import { IgnoreDialog } from './ignore-dialog';
import { ignorableGroup, type Ignorable } from './ignoring';
import { groupColumns, groupId } from './group-columns';
import { UpdateFilters } from './update-filters';
import { NothingToUpdate, Views } from './views';

const route = getRouteApi('/app/updates');

function wantedOf(group: UpdateGroup): Wanted {
  const { manager, name, arch, candidate_version } = group;
  return { label: `${name} ${candidate_version}`, target: { group: { manager, name, arch, candidate_version } } };
}

export function UpdatesScreen() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(groupsQuery(filter));
  const { rows, total, counted, hasMore, loadMore } = useLoaded(query);
  const inAll = useQuery(rowCountQuery(filter));
  const [ids, setIds] = useState<RowSelectionState>({});
  const [wanted, setWanted] = useState<Wanted[] | null>(null);
  const [unwanted, setUnwanted] = useState<Ignorable[] | null>(null);
  const mayApprove = useMay(rights.approve);
  const columns = useMemo(() => groupColumns(filter.state), [filter.state]);
  const set = (change: GroupFilter) => {
    setIds({});
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  };
  const clear = () => void navigate({ search: {}, replace: true });
  const selected = rows.filter((group) => ids[groupId(group)]);
  const filtered = Boolean(filter.search || filter.category || filter.state);

  return (
    <>
      <ScreenHead title="Updates" actions={<Views shown="updates" filter={filter} />} />
      <UpdateFilters
        filter={filter}
        onChange={set}
        total={inAll.isPlaceholderData ? undefined : inAll.data}
        different={counted}
        search="Name"
      />
      <ListStates query={query} empty={filtered ? <NothingFound clear={clear} /> : <NothingToUpdate />}>
        <DataTable
          label="Updates"
          columns={columns}
          rows={rows}
          total={total}
          rowId={groupId}
          rowName={(group) => `${group.name} ${group.candidate_version}`}
          hasMore={hasMore}
          loadMore={loadMore}
          selection={mayApprove ? { ids, onChange: setIds } : undefined}
        />
        <SelectionBar selected={selected.length} clear={() => setIds({})}>
          <GuardedButton
            needs={rights.createIgnoreRule}
            size="xs"
            variant="default"
            onClick={() => setUnwanted(selected.map(ignorableGroup))}
          >
            Ignore…
          </GuardedButton>
          <GuardedButton needs={rights.approve} size="xs" onClick={() => setWanted(selected.map(wantedOf))}>
            Approve…
          </GuardedButton>
        </SelectionBar>
      </ListStates>
      {unwanted && <IgnoreDialog wanted={unwanted} onClose={() => setUnwanted(null)} onDone={() => setIds({})} />}
      {wanted && <ApproveDialog wanted={wanted} onClose={() => setWanted(null)} onApproved={() => setIds({})} />}
    </>
  );
}
