import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import type { Command, CommandDetail, LogLine } from '../../src/api/types';
import { keysTouchedBy, readEvent } from '../../src/live/event';
import { appendLines, kept_log_lines, patchLog } from '../../src/live/patch';
import { Refresher } from '../../src/live/refresher';
import { EventStream, type StreamListener, type StreamStatus } from '../../src/live/stream';

const line = (seq: number): LogLine => ({ seq, at: '2030-01-01T00:00:00Z', text: `line ${seq}` });

describe('an event', () => {
  test('of an update refreshes lists, counts and its agent', () => {
    const keys = keysTouchedBy({ kind: 'update', data: { agent_id: 'A' } });
    expect(keys).toEqual(expect.arrayContaining([['updates'], ['update-groups'], ['overview'], ['agent', 'A']]));
  });

  test('of a log asks for nothing', () => {
    expect(keysTouchedBy({ kind: 'log', data: { command_id: 'C' } })).toEqual([]);
  });

  test('that is not JSON is left out', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(readEvent('agent', '{"agent_id":')).toBeNull();
    expect(warn).toHaveBeenCalledOnce();
  });
});

describe('log lines', () => {
  test('that were seen before are not drawn twice', () => {
    expect(appendLines([line(1), line(2)], [line(2), line(3), line(3)]).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('are bounded', () => {
    const known = Array.from({ length: kept_log_lines }, (_, seq) => line(seq));
    const lines = appendLines(known, [line(kept_log_lines)]);
    expect(lines).toHaveLength(kept_log_lines);
    expect(lines.at(-1)?.seq).toBe(kept_log_lines);
  });

  test('and progress change the command and its row where they stand', () => {
    const queries = new QueryClient();
    const command = { id: 'C', percent: null, progress: null } as Command;
    queries.setQueryData(['command', 'C'], { ...command, log: [line(1)] } as CommandDetail);
    queries.setQueryData(['commands', {}], { pages: [{ items: [command], next_cursor: null, total: 1 }], pageParams: [''] });
    patchLog(queries, { command_id: 'C', lines: [line(2)], percent: 40, progress: 'Unpacking' });
    expect(queries.getQueryData<CommandDetail>(['command', 'C'])).toMatchObject({ percent: 40, log: [line(1), line(2)] });
    patchLog(queries, { command_id: 'C', lines: [line(3)] });
    expect(queries.getQueryData<CommandDetail>(['command', 'C'])).toMatchObject({ percent: 40, progress: 'Unpacking' });
    expect(queries.getQueryData(['commands', {}])).toMatchObject({ pages: [{ items: [{ percent: 40, progress: 'Unpacking' }] }] });
    queries.clear();
  });
});

describe('the refresher', () => {
  test('asks once for a hundred events', () => {
    vi.useFakeTimers();
    const queries = new QueryClient();
    const invalidate = vi.spyOn(queries, 'invalidateQueries');
    const refresher = new Refresher(queries);
    for (let i = 0; i < 100; i += 1) refresher.touch([['agents'], ['overview']]);
    vi.advanceTimersByTime(1000);
    expect(invalidate).toHaveBeenCalledTimes(2);
    refresher.stop();
  });

  test('asks for a long list later, but does ask', () => {
    vi.useFakeTimers();
    const queries = new QueryClient();
    queries.setQueryData(['agents', {}], { pages: Array.from({ length: 9 }, () => ({})), pageParams: [] });
    const isStale = () => queries.getQueryState(['agents', {}])?.isInvalidated;
    const refresher = new Refresher(queries);
    refresher.touch([['agents']]);
    vi.advanceTimersByTime(500);
    expect(isStale()).toBe(true);
    queries.setQueryData(['agents', {}], { pages: Array.from({ length: 9 }, () => ({})), pageParams: [] });
    refresher.touch([['agents']]);
    vi.advanceTimersByTime(500);
    expect(isStale()).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(isStale()).toBe(true);
    refresher.stop();
    queries.clear();
  });

  test('does not ask again who is signed in when a stream comes back', () => {
    const queries = new QueryClient();
    queries.setQueryData(['session'], {});
    queries.setQueryData(['overview'], {});
    new Refresher(queries).all();
    expect(queries.getQueryState(['session'])?.isInvalidated).toBe(false);
    expect(queries.getQueryState(['overview'])?.isInvalidated).toBe(true);
    queries.clear();
  });
});

class FakeSource {
  static readonly CLOSED = 2;
  static made: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly handlers = new Map<string, (message: { data: string }) => void>();

  constructor() {
    FakeSource.made.push(this);
  }
  addEventListener(kind: string, handler: (message: { data: string }) => void) {
    this.handlers.set(kind, handler);
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
}

describe('the stream', () => {
  let told: string[];
  let stream: EventStream;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', FakeSource);
    FakeSource.made = [];
    told = [];
    const listener: StreamListener = {
      onEvent: (event) => told.push(event.kind),
      onStatus: (status: StreamStatus) => told.push(status),
      onGap: () => told.push('gap'),
    };
    stream = new EventStream('/events', listener, () => 1);
    stream.start();
  });

  const last = () => FakeSource.made.at(-1) as FakeSource;

  test('passes on what it hears', () => {
    last().onopen?.();
    last().handlers.get('agent')?.({ data: '{}' });
    expect(told).toEqual(['live', 'agent']);
  });

  test('leaves a cut connection to the browser, which sends Last-Event-ID', () => {
    last().onerror?.();
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made).toHaveLength(1);
    last().onopen?.();
    expect(told).toEqual(['away', 'live']);
  });

  test('starts anew after a refusal, later each time, and reports the gap', () => {
    const refuse = () => {
      last().readyState = FakeSource.CLOSED;
      last().onerror?.();
    };
    refuse();
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(2);
    refuse();
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(3);
    last().onopen?.();
    expect(told).toEqual(['away', 'away', 'live', 'gap']);
  });

  test('is quiet once it is stopped', () => {
    last().readyState = FakeSource.CLOSED;
    last().onerror?.();
    stream.stop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made).toHaveLength(1);
  });
});
