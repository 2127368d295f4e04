import { Button, Group } from '@mantine/core';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';

import { acceptRestored } from '../../api/actions';
import { siteOf, useMayThere } from '../../api/permissions';
import { agentsQuery, clientsQuery, type AgentFilter, type AgentSort } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Agent } from '../../api/types';
import { some } from '../../format/number';
import { connections } from '../../format/words';
import { DataTable } from '../../parts/data-table';
import { DecideDialog } from '../../parts/decide-dialog';
import { Choice, FilterBar, options, RowCount } from '../../parts/filters';
import { GuardedButton } from '../../parts/guarded-button';
import { IconAdjustments, IconServer2 } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { sayDone } from '../../parts/said';
import { ScreenHead } from '../../parts/screen-head';
import { SearchField } from '../../parts/search-field';
import { SelectionBar } from '../../parts/selection-bar';
import { NothingFound, State } from '../../parts/states';
import { agent_columns } from './columns';
import { MoveDialog } from './move-dialog';

const route = getRouteApi('/app/agents');
const connection_options = options(connections);
const trouble_options = [
  { value: 'breaker', label: 'Breaker open' },
  { value: 'disk', label: 'Disk filling' },
  { value: 'reboot', label: 'Restart pending' },
  { value: 'config', label: 'Config invalid' },
  { value: 'isolation', label: 'Weakly isolated' },
  { value: 'binding', label: 'Key not bound' },
  { value: 'needs_a_look', label: 'Needs a look' },
  { value: 'pending', label: 'Pending approval' },
  { value: 'restored', label: 'Restored?' },
  { value: 'cloned', label: 'Cloned' },
  { value: 'revoked', label: 'Revoked' },
] as const;

const own_filters = ['breaker', 'disk', 'reboot', 'config', 'isolation', 'binding'] as const;
type OwnFilter = (typeof own_filters)[number];
const isOwnFilter = (kind: string | undefined): kind is OwnFilter => own_filters.some((name) => name === kind);

const troubleOf = (filter: AgentFilter) =>
  own_filters.find((name) => filter[name]) ?? (filter.identity === 'active' ? undefined : filter.identity);

export function AgentsScreen() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(agentsQuery(filter));
  const { rows, total, counted, hasMore, loadMore } = useLoaded(query);
  const set = (change: AgentFilter) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const clear = () => void navigate({ search: { sort: filter.sort }, replace: true });
  const [ids, setIds] = useState<RowSelectionState>({});
  const [moving, setMoving] = useState<Agent[] | null>(null);
  const mayMove = useMayThere(rights.moveAgent);
  const selected = rows.filter((agent) => ids[agent.id]);
  const clients = useQuery(clientsQuery).data ?? [];
  const places = clients.flatMap((client) => [
    { value: client.id, label: client.name },
    ...(client.sites.length > 1
      ? client.sites.map((site) => ({ value: site.id, label: `${client.name} / ${site.name}` }))
      : []),
  ]);
  const filtered = Object.entries(filter).some(([name, value]) => name !== 'sort' && value !== undefined);
  const trouble = troubleOf(filter);

  return (
    <>
      <ScreenHead
        title="Agents"
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconAdjustments size={14} />}
            renderRoot={(props) => <Link {...props} to="/profiles" search={{ client_id: filter.client_id, site_id: filter.site_id }} />}
          >
            Settings of agents
          </Button>
        }
      />
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
            set({
              breaker: kind === 'breaker' ? 'open' : undefined,
              disk: kind === 'disk' ? 'filling' : undefined,
              reboot: kind === 'reboot' ? 'pending' : undefined,
              config: kind === 'config' ? 'invalid' : undefined,
              isolation: kind === 'isolation' ? 'weak' : undefined,
              binding: kind === 'binding' ? 'weak' : undefined,
              identity: isOwnFilter(kind) ? undefined : kind,
            })
          }
        />
        {(places.length > 1 || filter.client_id || filter.site_id) && (
          <Choice
            label="Client or site"
            any="All clients"
            value={filter.site_id ?? filter.client_id}
            options={places}
            onChange={(id) => {
              const whole = clients.some((client) => client.id === id);
              set({ client_id: whole ? id : undefined, site_id: whole ? undefined : id });
            }}
          />
        )}
        <RowCount total={counted} one="agent" />
      </FilterBar>
      {filter.identity === 'restored' && rows.length > 0 && <AcceptRestored agents={rows} />}
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
          selection={mayMove(undefined) ? { ids, onChange: setIds } : undefined}
          selectable={(agent) => mayMove(siteOf(agent))}
          unselectableBecause={() => 'You do not administer its site'}
        />
        <SelectionBar selected={selected.length} clear={() => setIds({})}>
          <GuardedButton needs={rights.moveAgent} size="xs" onClick={() => setMoving(selected)}>
            Move…
          </GuardedButton>
        </SelectionBar>
      </ListStates>
      {moving && <MoveDialog agents={moving} onMoved={() => setIds({})} onClose={() => setMoving(null)} />}
    </>
  );
}

// Whole groups of machines come back from one snapshot.
function AcceptRestored({ agents }: { agents: Agent[] }) {
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const mayAccept = useMayThere(rights.acceptRestoredAgents);
  const ids = agents
    .filter((agent) => mayAccept(siteOf(agent)))
    .slice(0, 1000)
    .map((agent) => agent.id);
  if (ids.length === 0) return null;
  return (
    <Group mb="sm">
      <GuardedButton needs={rights.acceptRestoredAgents} onClick={() => setAsking(true)}>
        {`Accept ${some(ids.length, 'restored machine')}…`}
      </GuardedButton>
      {asking && (
        <DecideDialog
          title={`Accept ${some(ids.length, 'restored machine')}`}
          confirm="Accept all"
          decide={(reason) => acceptRestored(ids, reason)}
          onDone={() => {
            sayDone('Accepted. They get orders again.');
            void queries.invalidateQueries({ queryKey: ['agents'] });
            void queries.invalidateQueries({ queryKey: ['overview'] });
          }}
          onClose={() => setAsking(false)}
        >
          <p style={{ marginTop: 0 }}>
            Do this if you restored these machines from a backup or a snapshot. Whoever else holds the state of one of them
            has to be enrolled again.
          </p>
        </DecideDialog>
      )}
    </Group>
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
