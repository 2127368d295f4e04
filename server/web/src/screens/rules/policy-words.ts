import type { Policy, PolicyLine } from '../../api/types';
import { categories } from '../../format/words';

export const actions: Record<Policy['action'], string> = {
  install: 'Approve and install',
  approve: 'Only approve: somebody orders the install',
};

const day_hours = 24;

export const daysOf = (hours: number) => Math.round((hours / day_hours) * 100) / 100;
export const hoursOf = (days: number) => Math.round(days * day_hours);

function ageOf(hours: number): string {
  if (hours === 0) return 'at once';
  const days = hours / day_hours;
  if (Number.isInteger(days)) return `after ${days} ${days === 1 ? 'day' : 'days'}`;
  return `after ${hours} ${hours === 1 ? 'hour' : 'hours'}`;
}

// "Security, critical or high: after 1 day"
export function lineText({ categories: of = [], severities = [], after_hours }: PolicyLine): string {
  const kinds = of.length === 0 ? 'Everything' : of.map((category) => categories[category]).join(' or ');
  const graves = severities.map((severity) => (severity === 'unknown' ? 'unrated' : severity)).join(' or ');
  return `${[kinds, graves].filter(Boolean).join(', ')}: ${ageOf(after_hours)}`;
}

// "apt, dnf" as a list, and back.
export const textsOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);
