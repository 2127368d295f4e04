// What a form or a result needs of a JSON Schema. Schemas come from plugins: whatever is not understood becomes a field
// for JSON, so that every command type can be ordered, and the server checks what is sent.
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Schema = Record<string, unknown>;

export type FieldKind = 'text' | 'lines' | 'choice' | 'choices' | 'number' | 'integer' | 'boolean' | 'texts' | 'group' | 'json';

export interface Field {
  name: string;
  pointer: string; // JSON pointer below the parameters
  label: string;
  help: string;
  required: boolean;
  kind: FieldKind;
  choices: string[];
  schema: Schema;
  fields: Field[]; // of a group
}

const long_text = 200;
const deepest_group = 3;

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? (value as string[]) : null;
}

// "service_names" reads "Service names".
export function labelOf(name: string, schema: unknown): string {
  const title = isSchema(schema) ? textOf(schema.title) : '';
  if (title) return title;
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function propertiesOf(schema: unknown): [string, Schema][] {
  const properties = isSchema(schema) ? schema.properties : undefined;
  if (!isSchema(properties)) return [];
  return Object.entries(properties).map(([name, value]) => [name, isSchema(value) ? value : {}]);
}

function kindOf(schema: Schema, depth: number): FieldKind {
  const texts = textsOf(schema.enum);
  if (texts && texts.length > 0) return 'choice';
  // Of several types a text can say all: "128MiB" or 65536.
  const types = textsOf(schema.type);
  const type = types?.includes('string') ? 'string' : schema.type;
  switch (type) {
    case 'boolean':
    case 'integer':
    case 'number':
      return type;
    case 'string':
      return typeof schema.maxLength === 'number' && schema.maxLength > long_text ? 'lines' : 'text';
    case 'array': {
      const items = isSchema(schema.items) ? schema.items : {};
      if (items.type !== 'string' && !textsOf(items.enum)) return 'json';
      return textsOf(items.enum) ? 'choices' : 'texts';
    }
    case 'object':
      return depth < deepest_group && propertiesOf(schema).length > 0 ? 'group' : 'json';
    default:
      return 'json';
  }
}

// "a duration like 90s" reads "A duration like 90s".
function expectedOf(schema: Schema): string {
  const text = textOf(schema['x-expected']);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// What is needed comes first, in the order in which the schema asks for it: properties themselves arrive sorted by name.
export function fieldsOf(schema: unknown, above = '', depth = 0): Field[] {
  const required = (isSchema(schema) && textsOf(schema.required)) || [];
  const place = (name: string) => (required.includes(name) ? required.indexOf(name) : required.length);
  const properties = propertiesOf(schema).sort(([one], [other]) => place(one) - place(other));
  return properties.map(([name, of]) => {
    const pointer = `${above}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const kind = kindOf(of, depth);
    const items = isSchema(of.items) ? of.items : {};
    return {
      name,
      pointer,
      label: labelOf(name, of),
      help: textOf(of.description) || expectedOf(of),
      required: required.includes(name),
      kind,
      choices: textsOf(kind === 'choices' ? items.enum : of.enum) ?? [],
      schema: of,
      fields: kind === 'group' ? fieldsOf(of, pointer, depth + 1) : [],
    };
  });
}

// What was typed, by pointer: numbers may be half typed, JSON is text until it is sent.
export type Entered = Record<string, string | number | boolean | string[]>;

function emptyOf(field: Field): Entered[string] {
  const given = field.schema.default;
  switch (field.kind) {
    case 'boolean':
      return given === true;
    case 'choices':
    case 'texts':
      return textsOf(given) ?? [];
    case 'integer':
    case 'number':
      return typeof given === 'number' ? given : '';
    case 'json':
      return given === undefined ? '' : JSON.stringify(given, null, 2);
    case 'choice':
      return textOf(given) || (field.required && field.choices.length === 1 ? (field.choices[0] ?? '') : '');
    default:
      return textOf(given);
  }
}

export function beginningOf(fields: Field[]): Entered {
  return Object.assign(
    {},
    ...fields.map((field) => (field.kind === 'group' ? beginningOf(field.fields) : { [field.pointer]: emptyOf(field) })),
  ) as Entered;
}

// The same, of parameters that are there already.
export function enteredFrom(fields: Field[], parameters: unknown): Entered {
  const values = isSchema(parameters) ? parameters : {};
  return Object.assign(
    beginningOf(fields),
    ...fields.map((field): Entered => {
      const value = values[field.name];
      if (field.kind === 'group') return enteredFrom(field.fields, value);
      if (value === undefined) return {};
      if (field.kind === 'json') return { [field.pointer]: JSON.stringify(value, null, 2) };
      if (field.kind === 'text' && typeof value === 'number') return { [field.pointer]: String(value) };
      return { [field.pointer]: value as Entered[string] };
    }),
  ) as Entered;
}

export interface Collected {
  parameters: Record<string, Json>;
  problems: Record<string, string>; // by pointer
}

function valueOf(field: Field, entered: Entered, problems: Record<string, string>): Json | undefined {
  if (field.kind === 'group') {
    const inner = collect(field.fields, entered, problems).parameters;
    return Object.keys(inner).length > 0 || field.required ? inner : undefined;
  }
  const value = entered[field.pointer];
  if (field.kind === 'boolean') return value === true || field.required || field.schema.default === true ? value === true : undefined;
  const nothing = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  if (nothing) {
    if (!field.required) return undefined;
    if (field.kind === 'choices' || field.kind === 'texts') {
      if (!(Number(field.schema.minItems) > 0)) return [];
    } else if (field.kind === 'text' || field.kind === 'lines') {
      if (!(Number(field.schema.minLength) > 0)) return '';
    }
    problems[field.pointer] = 'This is needed';
    return undefined;
  }
  if (field.kind !== 'json') return value;
  try {
    return JSON.parse(value as string) as Json;
  } catch {
    problems[field.pointer] = 'This is not JSON';
    return undefined;
  }
}

// The parameters to send, without what was left empty; only what can be said for certain is a problem here.
export function collect(fields: Field[], entered: Entered, problems: Record<string, string> = {}): Collected {
  const parameters: Record<string, Json> = {};
  for (const field of fields) {
    const value = valueOf(field, entered, problems);
    if (value !== undefined) parameters[field.name] = value;
  }
  return { parameters, problems };
}

// The field that a problem of the server is about: the nearest one above its pointer; null: none of them.
export function fieldAt(fields: Field[], pointer: string): Field | null {
  for (const field of fields) {
    if (pointer !== field.pointer && !pointer.startsWith(`${field.pointer}/`)) continue;
    return fieldAt(field.fields, pointer) ?? field;
  }
  return null;
}
