import { describe, expect, test } from 'vitest';

import { oneOf, ownPath, parseSearch, someOf, stringifySearch, text } from '../../src/app/search';

describe('what stands in the address', () => {
  test('goes there and back unchanged', () => {
    const search = { search: 'a&b=c <i>', state: 'failed,available' };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  test('joins lists by commas that people can read', () => {
    expect(stringifySearch({ state: ['failed', 'available'] })).toBe('?state=failed,available');
  });

  test('leaves out what is empty', () => {
    expect(stringifySearch({ search: '', state: [], sort: undefined })).toBe('');
  });

  test('keeps numbers as text, so that a hostname of digits stays what it is', () => {
    expect(parseSearch('?search=007')).toEqual({ search: '007' });
  });

  test('knows only the values it was told', () => {
    expect(oneOf(['open'], 'closed')).toBeUndefined();
    expect(someOf(['failed', 'available'], 'available,nonsense')).toEqual(['available']);
    expect(someOf(['failed'], '')).toBeUndefined();
  });

  test('cuts text that is far too long', () => {
    expect(text('x'.repeat(5000))).toHaveLength(200);
  });
});

describe('where to go after the sign-in', () => {
  test.each(['/agents', '/agents?search=a', '/'])('takes %s', (path) => expect(ownPath(path)).toBe(path));

  test.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', 'agents', 7])(
    'refuses %s',
    (path) => expect(ownPath(path)).toBeUndefined(),
  );
});
