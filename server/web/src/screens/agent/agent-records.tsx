import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';

import { recordKindsQuery, recordsQuery } from '../../api/queries';
import type { AgentDetail, ScanRecord } from '../../api/types';
import { count } from '../../format/number';
import { record_kinds } from '../../format/record-kinds';
import { localTime } from '../../format/time';
import { spoken } from '../../format/words';
import { Ago } from '../../parts/ago';
import { DataTable, TableSkeleton } from '../../parts/data-table';
import { Choice, FilterBar, RowCount } from '../../parts/filters';
import { IconPackages } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { SearchField } from '../../parts/search-field';
import { Failure, NothingFound, State } from '../../parts/states';
import { factText } from './agent-overview';

const route = getRouteApi('/app/agents/$agentId');

const most_columns = 7;
// What tells one from the other comes first; then a kind's own order, and for a third party's that of the names.
const leading = ['name', 'reference', 'mount', 'key', 'id'];
// Said by the row's plugin already.
const unsaid = ['manager'];

export function AgentRecords({ agent }: { agent: AgentDetail }) {
  const { data, error, refetch } = useQuery(recordKindsQuery(agent.id));
  const { kind } = route.useSearch();
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <TableSkeleton />;
  const kinds = data.items;
  const shown = kinds.find((each) => each.kind === kind) ?? kinds[0];
  if (!shown) {
    return (
      <State title="Nothing else was reported" icon={<IconPackages size={36} stroke={1.4} />}>
        <p>What plugins report besides updates and facts, such as installed packages, is listed here.</p>
      </State>
    );
  }
  return <Records agent={agent} kind={shown.kind} kinds={kinds} />;
}

function Records({ agent, kind, kinds }: { agent: AgentDetail; kind: string; kinds: { kind: string; count: number }[] }) {
  const { search } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(recordsQuery(agent.id, kind, search));
  const loaded = useLoaded(query);
  const set = (change: { kind?: string | undefined; search?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const columns = useMemo(() => columnsOf(loaded.rows), [loaded.rows]);
  return (
    <>
      <FilterBar>
        <SearchField label="Part of a record" value={search ?? ''} onChange={(text) => set({ search: text || undefined })} />
        <Choice
          label="Kind"
          any={kindLabel(kinds[0])}
          value={kind === kinds[0]?.kind ? undefined : kind}
          options={kinds.slice(1).map((each) => ({ value: each.kind, label: kindLabel(each) }))}
          onChange={(next) => set({ kind: next, search: undefined })}
        />
        <RowCount total={loaded.counted} one="record" />
      </FilterBar>
      <ListStates query={query} empty={<NothingFound clear={() => set({ search: undefined })} />}>
        <DataTable
          label={`${kindWord(kind)} of ${agent.hostname}`}
          columns={columns}
          rows={loaded.rows}
          total={loaded.total}
          rowId={(row) => JSON.stringify([row.plugin, row.scope, row.fields])}
          rowName={(row) => String(row.fields[leading.find((name) => name in row.fields) ?? ''] ?? row.kind)}
          hasMore={loaded.hasMore}
          loadMore={loaded.loadMore}
        />
      </ListStates>
    </>
  );
}

// "package/1" reads "Package", "org.example.thing/1" stays what it is.
function kindWord(kind: string): string {
  const [name = kind] = kind.split('/');
  return name.includes('.') ? kind : spoken(name);
}

function kindLabel(kind: { kind: string; count: number } | undefined): string {
  return kind ? `${kindWord(kind.kind)} (${count(kind.count)})` : '';
}

function columnsOf(rows: ScanRecord[]): ColumnDef<ScanRecord>[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row.fields)));
  const known = (record_kinds[rows[0]?.kind ?? ''] ?? []).map((field) => field.name);
  const ordered = [...leading, ...known, ...[...names].sort()].filter((name) => names.has(name) && !unsaid.includes(name));
  const fields = [...new Set(ordered)].slice(0, most_columns);
  return [
    ...fields.map((name, index): ColumnDef<ScanRecord> => ({
      id: name,
      header: spoken(name.replace(/_bytes$/, '_size')),
      meta: { track: index === 0 ? 'minmax(10rem, 2fr)' : 'minmax(6rem, 1fr)', card: index === 0 ? 'title' : 'inline', named: index > 0 },
      cell: ({ row }) =>
        index === 0 ? (
          <span data-row-focus tabIndex={-1} className="break">
            {valueText(name, row.original.fields[name])}
          </span>
        ) : (
          <span className="break">{valueText(name, row.original.fields[name])}</span>
        ),
    })),
    {
      id: 'plugin',
      header: 'Reported by',
      meta: { track: 'minmax(6rem, 1fr)', from: 900 },
      cell: ({ row }) => <span className="dim">{row.original.plugin}</span>,
    },
    {
      id: 'at',
      header: 'Seen',
      meta: { track: '6.5rem', from: 900 },
      cell: ({ row }) => <Ago at={row.original.at} />,
    },
  ];
}

function valueText(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' && /_at$/.test(name) && !Number.isNaN(Date.parse(value))) return localTime(value);
  return factText(name, value);
}
