import { Button, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { commandsQuery, commandTypesQuery } from '../../api/queries';
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

// The address without what narrows its list down: in the view that it was looked at in, which a state may have chosen.
export function cleared(search: OperationsSearch): OperationsSearch {
  const view = viewOf(search);
  return view === 'flight' ? {} : { view };
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
  const { rows, total, counted, hasMore, loadMore } = useLoaded(query);
  const shown = states_of[view].length > 0 ? states_of[view] : [...in_flight, ...finished];
  const several = (search.state?.length ?? 0) > 1;
  const clear = () => void navigate({ search: cleared(search), replace: true });
  const set = (change: OperationsSearch) => void navigate({ search: { ...search, ...cleared(search), ...change }, replace: true });
  return (
    <>
      <FilterBar>
        <Choice
          label="State"
          any={several ? 'Several states' : 'Any state'}
          value={several ? undefined : search.state?.[0]}
          options={options<CommandState>(command_states, shown)}
          onChange={(next) => set({ state: next && [next] })}
        />
        <RowCount total={counted} one="command" />
      </FilterBar>
      <Narrowed search={search} set={set} />
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

// What the address asks for besides a state: a link brought it, and nothing else on the screen says so.
function Narrowed({ search, set }: { search: OperationsSearch; set: (change: OperationsSearch) => void }) {
  const types = useQuery(commandTypesQuery).data;
  const parts = {
    run: search.run && 'Only one run of a schedule',
    order: search.order && 'Only one order',
    type: search.type && `Only ${types?.find((each) => each.type === search.type)?.title ?? search.type}`,
  };
  return Object.entries(parts).map(
    ([key, text]) =>
      text && (
        <Button key={key} size="compact-xs" variant="default" mb="sm" mr="xs" onClick={() => set({ [key]: undefined })}>
          {`${text} ✕`}
        </Button>
      ),
  );
}

const nothing: Record<Listed, string> = { flight: 'Nothing is in flight', finished: 'Nothing is finished yet', all: 'No command yet' };

function Nothing({ view }: { view: Listed }) {
  return (
    <State
      title={nothing[view]}
      icon={<IconActivity size={36} stroke={1.4} />}
    >
      <p>Scans that machines start by themselves are not commands; orders from here are.</p>
    </State>
  );
}

