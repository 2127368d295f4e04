import type { CalendarRule, Weekday } from '../../api/types';

// A rule as it is typed in: every member is there, whichever of them counts.
export interface RuleForm {
  repeat: CalendarRule['repeat'];
  time: string;
  date: string;
  weekdays: Weekday[];
  day: string; // "1" to "31", or "last"
  nth: string; // "1" to "5", or "last"
  weekday: Weekday;
  after_days: number;
}

export const repeats: { value: CalendarRule['repeat']; label: string }[] = [
  { value: 'once', label: 'Once' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekly', label: 'On days of the week' },
  { value: 'monthly', label: 'On a day of the month' },
  { value: 'nth_weekday', label: 'On a weekday of the month' },
  { value: 'patch_tuesday', label: 'After Patch Tuesday' },
];

export const weekdays: { value: Weekday; label: string }[] = [
  { value: 'mon', label: 'Monday' },
  { value: 'tue', label: 'Tuesday' },
  { value: 'wed', label: 'Wednesday' },
  { value: 'thu', label: 'Thursday' },
  { value: 'fri', label: 'Friday' },
  { value: 'sat', label: 'Saturday' },
  { value: 'sun', label: 'Sunday' },
];

export const ordinals = [
  { value: '1', label: 'First' },
  { value: '2', label: 'Second' },
  { value: '3', label: 'Third' },
  { value: '4', label: 'Fourth' },
  { value: '5', label: 'Fifth' },
  { value: 'last', label: 'Last' },
];

export const month_days = [
  ...Array.from({ length: 31 }, (_, n) => ({ value: String(n + 1), label: String(n + 1) })),
  { value: 'last', label: 'The last one' },
];

const ordinalOf = (text: string) => (text === 'last' ? 'last' : Number(text));

export function formOf(rule: CalendarRule, today: string): RuleForm {
  return {
    repeat: rule.repeat,
    time: rule.time,
    date: rule.date ?? today,
    weekdays: rule.weekdays ?? ['mon'],
    day: String(rule.day ?? 1),
    nth: String(rule.nth ?? 1),
    weekday: rule.weekday ?? 'sun',
    after_days: rule.after_days ?? 3,
  };
}

// null while what counts is not all there.
export function ruleOf(form: RuleForm): CalendarRule | null {
  const { repeat, time } = form;
  if (!/^\d{2}:\d{2}$/.test(time)) return null;
  switch (repeat) {
    case 'once':
      return /^\d{4}-\d{2}-\d{2}$/.test(form.date) ? { repeat, time, date: form.date } : null;
    case 'daily':
      return { repeat, time };
    case 'weekly':
      return form.weekdays.length > 0 ? { repeat, time, weekdays: form.weekdays } : null;
    case 'monthly':
      return { repeat, time, day: ordinalOf(form.day) as NonNullable<CalendarRule['day']> };
    case 'nth_weekday':
      return { repeat, time, nth: ordinalOf(form.nth) as NonNullable<CalendarRule['nth']>, weekday: form.weekday };
    case 'patch_tuesday':
      return { repeat, time, after_days: form.after_days };
  }
}
