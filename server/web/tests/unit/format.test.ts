import { describe, expect, test } from 'vitest';

import { bytes, some } from '../../src/format/number';
import { supportOf } from '../../src/format/support';
import { ago, duration, localTime, readableTimes, timesApart, utc } from '../../src/format/time';
import { kindOf, listed } from '../../src/format/words';

const now = Date.parse('2030-06-01T12:00:00Z');

describe('a time', () => {
  test.each([
    ['2030-06-01T11:59:55Z', 'now'],
    ['2030-06-01T11:59:20Z', '40 sec. ago'],
    ['2030-06-01T11:01:00Z', '59 min. ago'],
    ['2030-06-01T09:00:00Z', '3 hr. ago'],
    ['2030-05-29T12:00:00Z', '3 days ago'],
    ['2030-06-01T14:00:00Z', 'in 2 hr.'],
  ])('%s is %s', (at, said) => expect(ago(at, now)).toBe(said));

  test('that is none is shown as it came', () => expect(ago('soon', now)).toBe('soon'));

  test('in UTC says so', () => expect(utc('2030-06-01T14:00:00.5+02:00')).toBe('2030-06-01 12:00:00 UTC'));
});

test('times in a sentence of the server’s are told apart from its words', () => {
  const at = '2030-06-01T23:00:00.000Z';
  const text = `the window "Night", which opens at ${at}; then until 2030-06-02T01:00:00Z`;
  expect(timesApart(text)).toEqual(['the window "Night", which opens at ', at, '; then until ', '2030-06-02T01:00:00Z', '']);
  expect(timesApart(at)).toEqual(['', at, '']);
  expect(timesApart('since 2030-06-01')).toEqual(['since 2030-06-01']);
  expect(readableTimes(`its time, which is ${at}`)).toBe(`its time, which is ${localTime(at)}`);
});

test('sizes keep three digits at most', () => {
  expect([0, 1023, 1024, 18_734_112, -1_224_704].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '17.9 MiB', '−1.2 MiB']);
});

test('durations grow their unit', () => {
  expect([231, 1500, 125_000].map(duration)).toEqual(['231 ms', '1.5 s', '2 min 5 s']);
});

test('one machine is not one machines', () => {
  expect([some(1, 'machine'), some(2, 'machine'), some(0, 'machine')]).toEqual(['1 machine', '2 machines', '0 machines']);
});

test('a security update without a severity is unrated, not low', () => {
  expect(kindOf({ category: 'security', severity: 'unknown' })).toEqual({ text: 'Security, unrated', tone: 'unrated' });
  expect(kindOf({ category: 'bugfix', severity: 'unknown' })).toEqual({ text: 'Bug fix', tone: 'quiet' });
  expect(kindOf({ category: 'security', severity: 'critical' }).tone).toBe('critical');
});

test('a long list is named by its first items', () => {
  expect(listed(['a.service', 'b.service'])).toBe('a.service, b.service');
  expect(listed(['a', 'b', 'c'], 1)).toBe('a and 2 more');
});

describe('the end of a system’s support', () => {
  const facts = (regular?: unknown, long?: unknown) =>
    [{ name: 'os.support_end', value: regular }, { name: 'os.long_term_support_end', value: long }].filter(({ value }) => value !== undefined);
  test.each([
    [facts('2031-06-01'), 'support until 2031-06-01', 'quiet'],
    [facts('2030-08-01'), 'support ends in 61 days, on 2030-08-01', 'warning'],
    [facts('2030-06-01'), 'support ends today, on 2030-06-01', 'warning'],
    [facts('2030-05-31'), 'support ended on 2030-05-31', 'critical'],
    [facts('2029-01-01', '2032-01-01'), 'regular support ended on 2029-01-01; long-term support until 2032-01-01', 'quiet'],
    [facts('2031-01-01', '2033-01-01'), 'long-term support until 2033-01-01', 'quiet'],
    [facts('2027-01-01', '2029-01-01'), 'long-term support ended on 2029-01-01', 'critical'],
  ])('%j', (known, text, tone) => expect(supportOf(known, now)).toEqual({ text, tone }));

  test('is not made up', () => {
    for (const known of [[], facts('soon'), facts(20300601), facts('2030-13-01'), facts(['2030-06-01'])]) expect(supportOf(known, now)).toBeNull();
  });
});
