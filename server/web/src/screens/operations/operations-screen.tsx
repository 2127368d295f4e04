import { SegmentedControl } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { commandsQuery } from '../../api/queries';
import type { CommandState } from '../../api/types';
import type { OperationsSearch } from '../../app/router';
import { command_states, finished, in_flight } from '../../format/words';
import { DataTable } from '../../parts/data-table';
import { Choice, FilterBar, options, RowCount } from '../../parts/filters';
import { IconActivity } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { ScreenHead } from '../../parts/screen-head';
import { NothingFound, State } from '../../parts/states';
import { command_columns } from './command-columns';
import { HeldOrders } from './held-orders';
import { WaitingPlans } from './waiting-plans';

const route = getRouteApi('/app/operations');

type View = 'flight' | 'confirm' | 'held' | 'finished' | 'all';

// A link that names a state belongs to the view that has it.
export function viewOf(search: OperationsSearch): View {
  if (search.view) return search.view;
  return search.state?.some((state) => !in_flight.includes(state)) ? 'finished' : 'flight';
}

type Listed = Exclude<View, 'confirm' | 'held'>;

const states_of: Record<Listed, CommandState[]> = { flight: in_flight, finished, all: [] };

export function OperationsScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = viewOf(search);
  const go = (next: string) =>
    void navigate({ search: next === 'flight' ? {} : { view: next as Exclude<View, 'flight'> }, replace: true });
  const views = (
    <SegmentedControl
      size="xs"
      aria-label="Which commands"
      value={view}
      data={[
        { value: 'flight', label: 'In flight' },
        { value: 'held', label: 'To approve' },
        { value: 'confirm', label: 'To confirm' },
        { value: 'finished', label: 'Finished' },
        { value: 'all', label: 'All' },
      ]}
      onChange={go}
    />
  );
  return (
    <>
      <ScreenHead title="Operations" actions={views} />
      {view === 'confirm' ? (
        <WaitingPlans />
      ) : view === 'held' ? (
        <HeldOrders />
      ) : (
        <Commands view={view} search={search} />
      )}
    </>
  );
}

function Commands({ view, search }: { view: Listed; search: OperationsSearch }) {
  const navigate = route.useNavigate();
  const state = search.state ?? states_of[view];
  const query = useInfiniteQuery(
    commandsQuery({ state, type: search.type, run_id: search.run, order_id: search.order }),
  );
  const { rows, total, hasMore, loadMore } = useLoaded(query);
  const shown = states_of[view].length > 0 ? states_of[view] : [...in_flight, ...finished];
  const clear = () => void navigate({ search: { view: search.view }, replace: true });
  const set = (next: CommandState | undefined) =>
    void navigate({ search: (before) => ({ ...before, state: next && [next] }), replace: true });
  return (
    <>
      <FilterBar>
        <Choice
          label="State"
          any="Any state"
          value={search.state?.length === 1 ? search.state[0] : undefined}
          options={options<CommandState>(command_states, shown)}
          onChange={set}
        />
        <RowCount total={query.data && total} one="command" />
      </FilterBar>
      <ListStates
        query={query}
        empty={
          search.state || search.type || search.run || search.order ? <NothingFound clear={clear} /> : <Nothing view={view} />
        }
      >
        <DataTable
          label="Commands"
          columns={command_columns}
          rows={rows}
          total={total}
          rowId={(command) => command.id}
          rowName={(command) => `${command.title} on ${command.hostname}`}
          hasMore={hasMore}
          loadMore={loadMore}
        />
      </ListStates>
    </>
  );
}

function Nothing({ view }: { view: Listed }) {
  return (
    <State
      title={view === 'flight' ? 'Nothing is in flight' : 'No command yet'}
      icon={<IconActivity size={36} stroke={1.4} />}
    >
      <p>Scans that machines start by themselves are not commands; orders from here are.</p>
    </State>
  );
}

