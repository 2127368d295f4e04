import type { SettingsDrift, SettingsDriftCounts } from '../../api/types';
import { count } from '../../format/number';
import { settings_drifts } from '../../format/words';

// Of a machine's own, which nobody here knows.
const own = 'its own';

export function settingText(value: unknown): string {
  if (value === null || value === undefined) return own;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const worst_first: SettingsDrift[] = ['refused', 'unknown', 'pending', 'local', 'as_desired', 'not_applicable'];

// The states that any machine is in, the worst first.
export function driftsOf(counts: SettingsDriftCounts): SettingsDrift[] {
  return worst_first.filter((drift) => counts[drift] > 0);
}

// "2 refused, 1 set on the machine"
export function driftText(counts: SettingsDriftCounts): string {
  return driftsOf(counts)
    .map((drift) => `${count(counts[drift])} ${settings_drifts[drift].text.toLowerCase()}`)
    .join(', ');
}
