import type { SettingsDrift, SettingsDriftCounts, SettingsLevel } from '../../api/types';
import { count } from '../../format/number';
import { settings_drifts, settings_levels } from '../../format/words';

// Of a machine's own, which nobody here knows.
const own = 'its own';

export function settingText(value: unknown): string {
  if (value === null || value === undefined) return own;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// "Site", "Group Databases"
export function levelText(level: SettingsLevel, group_name: string | null): string {
  return level === 'group' ? `${settings_levels.group} ${group_name ?? ''}` : settings_levels[level];
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
