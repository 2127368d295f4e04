import { Checkbox, Skeleton } from '@mantine/core';
import { flexRender, getCoreRowModel, useReactTable, type ColumnDef, type RowSelectionState } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';

import { count } from '../format/number';
import classes from './data-table.module.css';
import { IconArrowDown, IconArrowUp } from './icons';
import { useScrollArea } from './scroll';

declare module '@tanstack/react-table' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the names are the library's
  interface ColumnMeta<TData, TValue> {
    track: string; // of the CSS grid, e.g. "minmax(10rem, 2fr)"
    from?: number; // shown where the table is at least so many pixels wide
    align?: 'end';
    card?: 'title' | 'line' | 'inline' | 'none'; // its place where rows are cards; inline by default
    named?: boolean; // cards say its header, too
    sort?: string; // what onSort is told
  }
}

export interface Selection {
  ids: RowSelectionState;
  onChange: (ids: RowSelectionState) => void;
}

interface DataTableProps<Row> {
  label: string;
  columns: ColumnDef<Row>[];
  rows: Row[];
  total: number;
  rowId: (row: Row) => string;
  rowName: (row: Row) => string;
  cardsBelowPx?: number | undefined; // where its columns no longer fit side by side
  hasMore: boolean;
  loadMore: () => void;
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  selection?: Selection | undefined;
  selectable?: (row: Row) => boolean;
  unselectableBecause?: (row: Row) => string | null;
}

const cards_below_px = 740;
const row_px = 42;
const card_px = 96;

// Measured before the first paint, so that a table never shows its columns one after the other.
function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

// A table of any length: the server sorts and filters, pages come as they are needed, only visible rows are drawn. Each
// row's main cell holds one element marked `data-row-focus`; arrow keys (or j and k) go from one to the next, x selects.
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { rows, total, rowId, hasMore, loadMore, selection, selectable = () => true } = props;
  const [tableRef, width] = useWidth();
  const listRef = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const scrollArea = useScrollArea();
  const cards = width > 0 && width < (props.cardsBelowPx ?? cards_below_px);

  const table = useReactTable({
    data: rows,
    columns: props.columns,
    getCoreRowModel: getCoreRowModel(),
    getRowId: rowId,
    manualSorting: true,
    enableRowSelection: (row) => selection !== undefined && selectable(row.original),
    state: { rowSelection: selection?.ids ?? {} },
    onRowSelectionChange: (change) =>
      selection?.onChange(typeof change === 'function' ? change(selection.ids) : change),
  });
  const columns = table.getAllLeafColumns().filter((column) => {
    const meta = column.columnDef.meta;
    return cards ? meta?.card !== 'none' : width >= (meta?.from ?? 0);
  });
  const shown = new Set(columns.map((column) => column.id));
  const tracks = [...(selection ? ['1.25rem'] : []), ...columns.map((column) => column.columnDef.meta?.track ?? '1fr')];

  const drawn = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scrollArea.current,
    estimateSize: () => (cards ? card_px : row_px),
    getItemKey: (index) => table.getRowModel().rows[index]?.id ?? index,
    overscan: 10,
    scrollMargin: offset,
  });
  const items = drawn.getVirtualItems();

  useLayoutEffect(() => {
    const list = listRef.current?.getBoundingClientRect();
    const area = scrollArea.current;
    if (list && area) setOffset(list.top - area.getBoundingClientRect().top + area.scrollTop);
  }, [scrollArea, width, rows.length]);

  useEffect(() => {
    drawn.measure();
  }, [cards, drawn]);

  const lastDrawn = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && lastDrawn >= rows.length - 20) loadMore();
  }, [hasMore, lastDrawn, rows.length, loadMore]);

  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = Number(row.dataset.index);
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      focusRow(index + step);
    } else if (event.key === 'x') {
      const picked = table.getRowModel().rows[index];
      if (picked?.getCanSelect()) picked.toggleSelected();
    }
  };
  const focusRow = (index: number) => {
    if (index < 0 || index >= rows.length) return;
    const target = () => listRef.current?.querySelector<HTMLElement>(`[data-index="${index}"] [data-row-focus]`);
    drawn.scrollToIndex(index);
    if (target()) target()?.focus({ preventScroll: true });
    else requestAnimationFrame(() => target()?.focus({ preventScroll: true }));
  };

  return (
    <div
      ref={tableRef}
      className={`${classes.table} ${cards ? classes.cards : ''}`}
      role="table"
      aria-label={props.label}
      aria-rowcount={total + 1}
      style={{ '--columns': tracks.join(' ') } as React.CSSProperties}
      onKeyDown={move}
    >
      <div role="rowgroup">
        <div className={classes.head} role="row" aria-rowindex={1} data-cards={cards || undefined}>
          {selection && (
            <span role="columnheader">
              <Checkbox
                size="xs"
                label={cards ? 'Select all' : undefined}
                aria-label={cards ? undefined : 'Select all'}
                disabled={!rows.some(selectable)}
                checked={rows.some(selectable) && table.getIsAllRowsSelected()}
                indeterminate={table.getIsSomeRowsSelected()}
                onChange={table.getToggleAllRowsSelectedHandler()}
              />
            </span>
          )}
          {columns.map((column) => (
            <HeadCell key={column.id} column={column.columnDef} sort={props.sort} onSort={props.onSort} cards={cards} />
          ))}
        </div>
      </div>
      <div ref={listRef} className={classes.body} role="rowgroup" style={{ height: drawn.getTotalSize() }}>
        {items.map((item) => {
          const row = table.getRowModel().rows[item.index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              ref={drawn.measureElement}
              className={classes.row}
              role="row"
              aria-rowindex={item.index + 2}
              data-index={item.index}
              data-selected={row.getIsSelected() || undefined}
              data-last={item.index === rows.length - 1 || undefined}
              style={{ transform: `translateY(${item.start - offset}px)` }}
            >
              {selection && (
                <span role="cell">
                  <Checkbox
                    size="xs"
                    aria-label={`Select ${props.rowName(row.original)}`}
                    checked={row.getIsSelected()}
                    disabled={!row.getCanSelect()}
                    title={(!row.getCanSelect() && props.unselectableBecause?.(row.original)) || undefined}
                    onChange={row.getToggleSelectedHandler()}
                  />
                </span>
              )}
              {row
                .getVisibleCells()
                .filter((cell) => shown.has(cell.column.id))
                .map((cell) => (
                  <div
                    key={cell.id}
                    className={classes.cell}
                    role="cell"
                    data-align={cell.column.columnDef.meta?.align}
                    data-card={cell.column.columnDef.meta?.card ?? 'inline'}
                    data-name={cell.column.columnDef.meta?.named ? String(cell.column.columnDef.header) : undefined}
                  >
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </div>
                ))}
            </div>
          );
        })}
      </div>
      {hasMore && <div className={classes.more}>{`${count(rows.length)} of ${count(total)} loaded`}</div>}
    </div>
  );
}

interface HeadCellProps<Row> {
  column: ColumnDef<Row>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
  cards: boolean;
}

function HeadCell<Row>({ column, sort, onSort, cards }: HeadCellProps<Row>) {
  const key = column.meta?.sort;
  const text = typeof column.header === 'string' ? column.header : '';
  const down = sort === `-${key}`;
  const active = key !== undefined && (sort === key || down);
  const hidden = cards && (key === undefined || !onSort);
  return (
    <span
      role="columnheader"
      className={`${classes.cell} ${hidden ? 'visually-hidden' : ''}`}
      data-align={column.meta?.align}
      aria-sort={active ? (down ? 'descending' : 'ascending') : undefined}
    >
      {key !== undefined && onSort ? (
        <button
          type="button"
          className={classes.sort}
          data-active={active || undefined}
          onClick={() => onSort(active && !down ? `-${key}` : key)}
        >
          {text}
          {active && (down ? <IconArrowDown size={13} aria-hidden /> : <IconArrowUp size={13} aria-hidden />)}
        </button>
      ) : (
        text
      )}
    </span>
  );
}

export function TableSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div className={classes.table} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={classes.skeleton}>
          <Skeleton height={14} width={`${90 - ((index * 17) % 45)}%`} />
        </div>
      ))}
    </div>
  );
}
