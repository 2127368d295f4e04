// What stands in the address after `?`. Plain text both ways, so that links from the server and from people work: a list
// is comma-separated, what is unknown or malformed is left out.
export type RawSearch = Record<string, unknown>;

export function parseSearch(text: string): RawSearch {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: RawSearch): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '') {
      given.set(key, String(value));
    }
  }
  const text = given.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
}

export function oneOf<const Value extends string>(allowed: readonly Value[], value: unknown): Value | undefined {
  return allowed.find((each) => each === value);
}

export function someOf<const Value extends string>(allowed: readonly Value[], value: unknown): Value[] | undefined {
  const wanted = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  const known = allowed.filter((each) => wanted.includes(each));
  return known.length > 0 ? known : undefined;
}

// Only a path of this application: never another site's.
export function ownPath(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined;
}
