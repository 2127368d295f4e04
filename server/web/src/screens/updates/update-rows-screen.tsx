import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { rowsQuery, type RowFilter } from '../../api/queries';
import { rights } from '../../api/rights';
import { kindOf } from '../../format/words';
import { GuardedButton } from '../../parts/guarded-button';
import { IconArrowLeft, IconCircleCheck } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { ScreenHead } from '../../parts/screen-head';
import { NothingFound, State } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { ApprovableRows } from './approvable-rows';
import { ApproveDialog } from './approve-dialog';
import { one_update_columns, row_columns } from './row-columns';
import { UpdateFilters } from './update-filters';
import classes from './updates.module.css';
import { NothingToUpdate, Views } from './views';

const route = getRouteApi('/app/updates/rows');

// One row for each machine: of one update that was opened in the fleet view, or of all.
export function UpdateRowsScreen() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(rowsQuery(filter));
  const loaded = useLoaded(query);
  const set = (change: RowFilter) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const clear = () =>
    set({ search: undefined, category: undefined, state: undefined, installable: undefined });
  const { manager, name, arch, version } = filter;
  const filtered = Boolean(filter.search || filter.category || filter.state || filter.installable);
  const one = manager && name && version ? { manager, name, arch: arch ?? '', version } : null;

  return (
    <>
      <ScreenHead
        title={one ? one.name : 'Updates'}
        tags={one && loaded.rows[0] && <WordTag word={kindOf(loaded.rows[0])} />}
        actions={one ? undefined : <Views shown="machines" filter={filter} />}
      />
      {one && <OneUpdate {...one} />}
      <UpdateFilters
        filter={filter}
        onChange={set}
        total={loaded.counted}
        search="Name"
        oneKind={one !== null}
      />
      {filter.installable === '1' && (
        <Button size="compact-xs" variant="default" mb="sm" onClick={() => set({ installable: undefined })}>
          Only what nothing blocks now ✕
        </Button>
      )}
      <ListStates query={query} empty={filtered ? <NothingFound clear={clear} /> : one ? <NobodyNeedsIt /> : <NothingToUpdate />}>
        <ApprovableRows label="Updates by machine" columns={one ? one_update_columns : row_columns} loaded={loaded} />
      </ListStates>
    </>
  );
}

function NobodyNeedsIt() {
  return (
    <State title="No machine needs this update" icon={<IconCircleCheck size={36} stroke={1.4} />}>
      <p>Where it was needed it is installed and verified, ignored, or a newer one has taken its place: choose a state to see these.</p>
    </State>
  );
}

interface OneUpdateProps {
  manager: string;
  name: string;
  arch: string;
  version: string;
}

function OneUpdate({ manager, name, arch, version }: OneUpdateProps) {
  const [asking, setAsking] = useState(false);
  const group = { manager, name, arch, candidate_version: version };
  return (
    <div className={classes.group}>
      <Button component={Link} to="/updates" variant="default" size="xs" leftSection={<IconArrowLeft size={14} />}>
        All updates
      </Button>
      <span>
        {[manager, arch, 'to '].filter(Boolean).join(' · ')}
        <b className="mono">{version}</b>
      </span>
      <span style={{ marginLeft: 'auto' }}>
        <GuardedButton needs={rights.approve} size="xs" onClick={() => setAsking(true)}>
          Approve on all machines…
        </GuardedButton>
      </span>
      {asking && (
        <ApproveDialog
          wanted={[{ label: `${name} ${version}`, target: { group } }]}
          onClose={() => setAsking(false)}
          onApproved={() => setAsking(false)}
        />
      )}
    </div>
  );
}
