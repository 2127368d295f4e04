import type { InfiniteData, QueryClient } from '@tanstack/react-query';

import type { Command, CommandDetail, EventData, LogLine, Page } from '../api/types';

// What a browser keeps of one command's log; the server has all of it.
export const kept_log_lines = 5000;

export function appendLines(known: LogLine[], fresh: LogLine[]): LogLine[] {
  let last = known.at(-1)?.seq ?? -1;
  const added = fresh.filter((line) => line.seq > last && ((last = line.seq), true));
  return added.length === 0 ? known : [...known, ...added].slice(-kept_log_lines);
}

function withProgress<Row extends Command>(row: Row, event: EventData): Row {
  return { ...row, percent: event.percent ?? row.percent, progress: event.progress ?? row.progress };
}

// A log event changes rows where they stand: no request for each line.
export function patchLog(queries: QueryClient, event: EventData): void {
  const id = event.command_id;
  if (!id) return;
  queries.setQueryData<CommandDetail>(['command', id], (command) =>
    command && { ...withProgress(command, event), log: appendLines(command.log, event.lines ?? []) },
  );
  queries.setQueriesData<InfiniteData<Page<Command>>>({ queryKey: ['commands'] }, (list) => {
    if (!list?.pages.some((page) => page.items.some((row) => row.id === id))) return list;
    const patch = (row: Command) => (row.id === id ? withProgress(row, event) : row);
    return { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.map(patch) })) };
  });
}
