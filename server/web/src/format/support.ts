import { some } from './number';
import type { Tone } from './words';

const day_ms = 86_400_000;
const soon_days = 180;

interface Fact {
  name: string;
  value?: unknown;
}

// The last day of a system's support, as the machine itself knows it; null where it does not.
export function supportOf(facts: readonly Fact[], now_ms: number): { text: string; tone: Tone } | null {
  const regular = dayOf(facts, 'os.support_end');
  const long = dayOf(facts, 'os.long_term_support_end');
  const last = long ?? regular;
  if (last === null) return null;
  const what = long === null ? 'support' : 'long-term support';
  const days = daysUntil(last, now_ms);
  if (days < 0) return { text: `${what} ended on ${last}`, tone: 'critical' };
  const before = long !== null && regular !== null && daysUntil(regular, now_ms) < 0 ? `regular support ended on ${regular}; ` : '';
  if (days > soon_days) return { text: `${before}${what} until ${last}`, tone: 'quiet' };
  return { text: `${before}${what} ends ${days === 0 ? 'today' : `in ${some(days, 'day')}`}, on ${last}`, tone: 'warning' };
}

// On that day itself it is still supported.
function daysUntil(day: string, now_ms: number): number {
  return Date.parse(day) / day_ms - Math.floor(now_ms / day_ms);
}

function dayOf(facts: readonly Fact[], name: string): string | null {
  const value = facts.find((fact) => fact.name === name)?.value;
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : null;
}
