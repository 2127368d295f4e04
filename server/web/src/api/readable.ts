// Text from machines may hold characters that change how the text around them is read: those that turn the direction of
// writing, and control characters. They are shown as what they are instead of being obeyed.

const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const pictures = 0x2400; // "␛" for the escape character, and so on

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(pictures + code);
  return code === 0x7f ? '␡' : '\uFFFD';
}

export function readableText(text: string): string {
  return text.replace(obeyed, picture);
}

// Every text of an answer; what holds none of these characters stays the same object.
export function readable<Value>(value: Value): Value {
  if (typeof value === 'string') return readableText(value) as Value;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    const read = items.map(readable);
    return (read.some((item, index) => item !== items[index]) ? read : value) as Value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Record<string, unknown>);
  const read = entries.map(([key, item]) => [readableText(key), readable(item)] as const);
  return read.some(([key, item], index) => key !== entries[index]?.[0] || item !== entries[index]?.[1])
    ? (Object.fromEntries(read) as Value)
    : value;
}
