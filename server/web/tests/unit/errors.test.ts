import { beforeEach, describe as suite, expect, test, vi } from 'vitest';

import { describe, ErrorReporter, type BrowserError, type Sent } from '../../src/api/error-reporter';

let number = 0;
const error = (message: string, times = 1): BrowserError => ({ id: `id-${(number += 1)}`, name: 'TypeError', message, page: '/agents', times });
const told = (errors: BrowserError[] | undefined) => errors?.map(({ message, times }) => `${message} ${times}`);

function memory(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

// Answers what it is told to, and keeps what it was sent.
function server(answers: Sent[]) {
  const sent: BrowserError[][] = [];
  const send = (errors: BrowserError[]) => {
    sent.push(errors);
    return Promise.resolve(answers.shift() ?? 'taken');
  };
  return { sent, send };
}

suite('errors of the browser', () => {
  beforeEach(() => void vi.useFakeTimers());

  test('are sent at once, and forgotten when they were taken', async () => {
    const { sent, send } = server([]);
    const storage = memory();
    const a = error('a');
    new ErrorReporter(send, storage).note(a);
    await vi.runAllTimersAsync();
    expect(sent).toEqual([[a]]);
    expect(storage.getItem('redflag.errors')).toBeNull();
  });

  test('are tried three times, later each time, and then kept for the next load', async () => {
    const { sent, send } = server(['kept', 'kept', 'kept']);
    const storage = memory();
    const a = error('a');
    new ErrorReporter(send, storage).note(a);
    await vi.advanceTimersByTimeAsync(999);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
    const { sent: again, send: sendAgain } = server([]);
    await new ErrorReporter(sendAgain, storage).flush();
    expect(again).toEqual([[a]]);
  });

  test('of one kind are one, counted, until they were sent: then they are sent again as they are', async () => {
    const { sent, send } = server(['kept', 'taken']);
    const reporter = new ErrorReporter(send, memory());
    reporter.note(error('a'));
    reporter.note(error('a'));
    reporter.note(error('a'));
    reporter.note(error('b'));
    await vi.runAllTimersAsync();
    expect(told(sent[0])).toEqual(['a 1']);
    expect(told(sent[1])).toEqual(['a 1', 'a 2', 'b 1']);
    expect(sent[1]?.[0]).toEqual(sent[0]?.[0]);
    expect(new Set(sent[1]?.map(({ id }) => id)).size).toBe(3);
  });

  test('that come while others are sent are sent after them', async () => {
    const { sent, send } = server([]);
    const reporter = new ErrorReporter(send, memory());
    reporter.note(error('a'));
    reporter.note(error('a'));
    await vi.runAllTimersAsync();
    expect(sent.map(told)).toEqual([['a 1'], ['a 1']]);
  });

  test('without end are kept to twenty kinds', async () => {
    const { sent, send } = server(['kept', 'taken']);
    const reporter = new ErrorReporter(send, memory());
    for (let i = 0; i < 100; i += 1) reporter.note(error(`error ${i}`));
    await vi.runAllTimersAsync();
    expect(sent.at(-1)).toHaveLength(20);
    expect(told(sent.at(-1))?.at(-1)).toBe('error 99 1');
  });

  test('that the server will never take are not sent again', async () => {
    const { sent, send } = server(['refused']);
    new ErrorReporter(send, memory()).note(error('a'));
    await vi.runAllTimersAsync();
    expect(sent).toHaveLength(1);
  });

  test('survive a storage that holds something else, or is full', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const broken = { getItem: () => '{"not":', setItem: () => { throw new Error('full'); }, removeItem: () => undefined };
    const { sent, send } = server([]);
    new ErrorReporter(send, broken).note(error('a'));
    await vi.runAllTimersAsync();
    expect(sent.map(told)).toEqual([['a 1']]);
    const odd = memory();
    odd.setItem('redflag.errors', '[7, null, {"name":"x"}]');
    await new ErrorReporter(send, odd).flush();
    expect(sent).toHaveLength(1);
  });

  test('are told with their place, cut to what the server takes', () => {
    const told = describe(new RangeError('x'.repeat(9000)), '/updates');
    expect(told).toMatchObject({ name: 'RangeError', page: '/updates', times: 1 });
    expect(told.message.length).toBeLessThan(1400);
    expect(describe('a text', '/').message).toBe('a text');
  });
});
