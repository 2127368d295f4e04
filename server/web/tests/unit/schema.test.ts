import { expect, test } from 'vitest';

import { beginningOf, collect, enteredFrom, fieldAt, fieldsOf } from '../../src/format/schema';

const fields = fieldsOf({
  type: 'object',
  required: ['names', 'tone', 'where', 'loud'],
  properties: {
    names: { type: 'array', minItems: 1, items: { type: 'string' } },
    tone: { enum: ['friendly', 'formal'], default: 'friendly' },
    days: { type: 'array', items: { enum: ['Mon', 'Tue'] } },
    times: { type: 'integer', title: 'How often' },
    loud: { type: 'boolean' },
    quiet: { type: 'boolean' },
    where: { type: 'object', required: ['a/b'], properties: { 'a/b': { type: 'string', minLength: 1 } } },
    card: { type: 'string', maxLength: 2000 },
    extra_words: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    mixed: { type: 'array', items: { type: ['string', 'integer'] } },
  },
});
const where = '/where/a~1b';

test('every kind of property has a field, and what is not understood takes JSON', () => {
  expect(fields.map((field) => [field.name, field.kind])).toEqual([
    ['names', 'texts'], ['tone', 'choice'], ['where', 'group'], ['loud', 'boolean'], ['days', 'choices'], ['times', 'integer'],
    ['quiet', 'boolean'], ['card', 'lines'], ['extra_words', 'json'], ['mixed', 'json'],
  ]);
  expect(fields.map((field) => field.label).slice(2, 9)).toEqual(['Where', 'Loud', 'Days', 'How often', 'Quiet', 'Card', 'Extra words']);
});

test('what was left empty is not sent, defaults and required answers are', () => {
  const entered = { ...beginningOf(fields), '/names': ['ann'], [where]: '/tmp' };
  expect(collect(fields, entered)).toEqual({
    parameters: { names: ['ann'], tone: 'friendly', loud: false, where: { 'a/b': '/tmp' } },
    problems: {},
  });
});

test('what is needed and missing, or is not JSON, is said at its field and nothing is guessed', () => {
  const { problems } = collect(fields, { ...beginningOf(fields), '/tone': '', '/extra_words': '{' });
  expect(Object.keys(problems).sort()).toEqual(['/extra_words', '/names', '/tone', where]);
});

test('JSON, numbers and choices are sent as what they are', () => {
  const entered = {
    ...beginningOf(fields), '/names': ['ann'], [where]: 'x', '/extra_words': '7', '/mixed': '["a",1]', '/times': 2, '/days': ['Tue'], '/quiet': true,
  };
  expect(collect(fields, entered).parameters).toMatchObject({ extra_words: 7, mixed: ['a', 1], times: 2, days: ['Tue'], quiet: true });
});

test('what may be a text or a number is a text, and a schema that says what it expects helps with that', () => {
  const [size] = fieldsOf({ properties: { size: { type: ['string', 'integer'], 'x-expected': 'a size like 64KiB' } } });
  expect([size?.kind, size?.help]).toEqual(['text', 'A size like 64KiB']);
  expect(enteredFrom(size ? [size] : [], { size: 65536 })).toEqual({ '/size': '65536' });
});

test('the server’s pointer finds the nearest field', () => {
  expect(fieldAt(fields, '/names/0')?.name).toBe('names');
  expect(fieldAt(fields, where)?.name).toBe('a/b');
  expect(fieldAt(fields, '/where')?.name).toBe('where');
  expect(fieldAt(fields, '/namesake')).toBeNull();
});

test('a schema that is none makes an empty form', () => {
  for (const schema of [null, true, 'x', [], {}, { properties: [] }]) expect(fieldsOf(schema)).toEqual([]);
});
