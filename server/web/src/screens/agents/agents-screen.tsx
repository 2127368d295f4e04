import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { agentsQuery, type AgentFilter, type AgentSort } from '../../api/queries';
import { connections } from '../../format/words';
import { DataTable } from '../../parts/data-table';
import { Choice, FilterBar, options, RowCount } from '../../parts/filters';
import { IconServer2 } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { ScreenHead } from '../../parts/screen-head';
import { SearchField } from '../../parts/search-field';
import { NothingFound, State } from '../../parts/states';
import { agent_columns } from './columns';

const route = getRouteApi('/app/agents');
const connection_options = options(connections);
const trouble_options = [
  { value: 'breaker', label: 'Breaker open' },
  { value: 'config', label: 'Config invalid' },
] as const;

export function AgentsScreen() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(agentsQuery(filter));
  const { rows, total, hasMore, loadMore } = useLoaded(query);
  const set = (change: AgentFilter) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const clear = () => void navigate({ search: { sort: filter.sort }, replace: true });
  const filtered = Boolean(filter.search || filter.connection || filter.breaker || filter.config);
  const trouble = filter.breaker ? 'breaker' : filter.config ? 'config' : undefined;

  return (
    <>
      <ScreenHead title="Agents" />
      <FilterBar>
        <SearchField
          label="Hostname"
          value={filter.search ?? ''}
          onChange={(search) => set({ search: search || undefined })}
        />
        <Choice
          label="Connection"
          any="Any connection"
          value={filter.connection}
          options={connection_options}
          onChange={(connection) => set({ connection })}
        />
        <Choice
          label="Trouble"
          any="All agents"
          value={trouble}
          options={trouble_options}
          onChange={(kind) =>
            set({ breaker: kind === 'breaker' ? 'open' : undefined, config: kind === 'config' ? 'invalid' : undefined })
          }
        />
        <RowCount total={query.data && total} one="agent" />
      </FilterBar>
      <ListStates query={query} empty={filtered ? <NothingFound clear={clear} /> : <NoAgents />}>
        <DataTable
          label="Agents"
          columns={agent_columns}
          rows={rows}
          total={total}
          rowId={(agent) => agent.id}
          rowName={(agent) => agent.hostname}
          hasMore={hasMore}
          loadMore={loadMore}
          sort={filter.sort ?? 'hostname'}
          onSort={(sort) => set({ sort: sort === 'hostname' ? undefined : (sort as AgentSort) })}
        />
      </ListStates>
    </>
  );
}

function NoAgents() {
  return (
    <State
      title="No machine is enrolled yet"
      icon={<IconServer2 size={36} stroke={1.4} />}
      action={
        <Button component={Link} to="/enrolment">
          Enrol a machine
        </Button>
      }
    />
  );
}
