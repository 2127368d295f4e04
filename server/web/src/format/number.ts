const whole = new Intl.NumberFormat();
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function count(value: number): string {
  return whole.format(value);
}

// "1 machine", "212 machines".
export function some(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  const sign = value < 0 ? '−' : '';
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${sign}${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}
