import { IconCircleCheck } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { rowsQuery, type GroupFilter } from '../../api/queries';
import type { AgentDetail } from '../../api/types';
import { ListStates, useLoaded } from '../../parts/list';
import { NothingFound, State } from '../../parts/states';
import { ApprovableRows } from '../updates/approvable-rows';
import { one_agent_columns } from '../updates/row-columns';
import { UpdateFilters } from '../updates/update-filters';

const route = getRouteApi('/app/agents/$agentId');

export function AgentUpdates({ agent }: { agent: AgentDetail }) {
  const { search, category, state } = route.useSearch();
  const navigate = route.useNavigate();
  const filter = { search, category, state };
  const query = useInfiniteQuery(rowsQuery({ ...filter, agent_id: agent.id }));
  const loaded = useLoaded(query);
  const set = (change: GroupFilter) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const clear = () => set({ search: undefined, category: undefined, state: undefined });
  return (
    <>
      <UpdateFilters filter={filter} onChange={set} total={query.data && loaded.total} search="Name or source package" />
      <ListStates
        query={query}
        empty={search || category || state ? <NothingFound clear={clear} /> : <UpToDate agent={agent} />}
      >
        <ApprovableRows label={`Updates of ${agent.hostname}`} columns={one_agent_columns} loaded={loaded} />
      </ListStates>
    </>
  );
}

function UpToDate({ agent }: { agent: AgentDetail }) {
  return agent.last_scan ? (
    <State title="This machine is up to date" icon={<IconCircleCheck size={36} stroke={1.4} />}>
      <p>Its last scan found nothing newer.</p>
    </State>
  ) : (
    <State title="Not scanned yet">
      <p>The first scan starts by itself a moment after the enrolment.</p>
    </State>
  );
}
