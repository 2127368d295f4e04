import { ignoreUpdates, previewIgnoring } from '../../api/actions';
import type { IgnoreReach, NewIgnoreRule, Update, UpdateGroup } from '../../api/types';
import { everywhere, type Scope } from '../../parts/place-choice';

// One rule that somebody is about to make: what it covers, before its place, end and reason are chosen.
export interface Ignorable {
  label: string;
  covers: Pick<NewIgnoreRule, 'manager' | 'key' | 'pattern' | 'agent_id'>;
  version: string;
}

export interface Terms {
  scope: Scope | null; // null: only on the machines that were selected
  this_version: boolean;
  until: string | null; // null: for good
  reason: string;
}

const day_ms = 86_400_000;

// A name as a pattern that means nothing but itself.
export const literally = (name: string) => name.replaceAll(/[\\*?]/g, '\\$&');

export function ignorableGroup({ manager, name, candidate_version }: UpdateGroup): Ignorable {
  return { label: name, covers: { manager, pattern: literally(name) }, version: candidate_version };
}

export function ignorableRow({ manager, key, name, hostname, agent_id, candidate_version }: Update): Ignorable {
  return { label: `${name} on ${hostname}`, covers: { manager, key, agent_id }, version: candidate_version };
}

export function ruleOf({ covers, version }: Ignorable, terms: Terms): NewIgnoreRule {
  const { agent_id, ...what } = covers;
  return {
    ...what,
    ...(terms.scope === null ? { agent_id: agent_id ?? null } : terms.scope),
    version: terms.this_version ? version : null,
    until: terms.until,
    reason: terms.reason,
  };
}

// Two machines with the same update are one rule where it holds for a place.
export function rulesOf(wanted: Ignorable[], terms: Terms): NewIgnoreRule[] {
  const rules = new Map<string, NewIgnoreRule>();
  for (const rule of wanted.map((each) => ruleOf(each, terms))) rules.set(JSON.stringify(rule), rule);
  return [...rules.values()];
}

export async function reachOf(rules: NewIgnoreRule[]): Promise<Pick<IgnoreReach, 'updates' | 'under_way'>> {
  const sum = { updates: 0, under_way: 0 };
  for (const rule of rules) {
    const reach = await previewIgnoring({ ...rule, reason: rule.reason.trim() || 'preview' });
    sum.updates += reach.updates;
    sum.under_way += reach.under_way;
  }
  return sum;
}

export async function ignoreAll(rules: NewIgnoreRule[]): Promise<void> {
  for (const rule of rules) await ignoreUpdates(rule);
}

export const periods = [
  { value: '7', label: 'One week' },
  { value: '30', label: 'A month' },
  { value: '90', label: 'Three months' },
  { value: '', label: 'For good, until somebody lifts it' },
] as const;

export function untilOf(days: string, now_ms: number): string | null {
  return days === '' ? null : new Date(now_ms + Number(days) * day_ms).toISOString();
}

export const whole_fleet = everywhere;
