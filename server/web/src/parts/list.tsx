import { Button } from '@mantine/core';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { useCallback, useMemo, type ReactNode } from 'react';

import type { Page } from '../api/types';
import { TableSkeleton } from './data-table';
import classes from './list.module.css';
import { Failure } from './states';

export interface Loaded<Row> {
  rows: Row[];
  total: number;
  counted: number | undefined; // the same; undefined until the rows of these filters are there
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
}

// A paged answer as one list.
export function useLoaded<Row>(query: UseInfiniteQueryResult<InfiniteData<Page<Row>>>): Loaded<Row> {
  const { data, isPlaceholderData, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const total = data?.pages.at(-1)?.total;
  return { rows, total: total ?? 0, counted: isPlaceholderData ? undefined : total, hasMore: hasNextPage, loadingMore: isFetchingNextPage, loadMore };
}

interface ListStatesProps<Row> {
  query: UseInfiniteQueryResult<InfiniteData<Page<Row>>>;
  empty: ReactNode;
  children: ReactNode;
}

// Loading, failed, empty or there; that other filters left nothing says nothing of these. Rows that are on the screen stay there when asking again fails: the banner says so.
export function ListStates<Row>({ query, empty, children }: ListStatesProps<Row>) {
  if (query.data === undefined) {
    return query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <TableSkeleton />;
  }
  if (query.data.pages[0]?.items.length !== 0) return <>{children}</>;
  return query.isPlaceholderData ? <TableSkeleton /> : <>{empty}</>;
}

// The foot of a list that shows its next page when it is asked to; nothing where the list ends.
export function More<Row>({ of: { hasMore, loadingMore, loadMore }, label = 'More' }: { of: Loaded<Row>; label?: string }) {
  if (!hasMore) return null;
  return (
    <div className={classes.more}>
      <Button variant="default" size="xs" onClick={loadMore} loading={loadingMore}>
        {label}
      </Button>
    </div>
  );
}
