// Ids in the form of the real ones, the same at every start.

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function makeId(kind, number) {
  let text = '';
  for (let rest = number, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text;
  return `01K${kind.toUpperCase().padEnd(13, '0').replace(/[ILOU]/g, 'X')}${text}`.slice(0, 26);
}
