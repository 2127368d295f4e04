import type { MaintenanceWindow } from '../../api/types';

// "of the group Databases: ", and nothing of what is a place's.
export function holderOf({ group_name, hostname }: Pick<MaintenanceWindow, 'group_name' | 'hostname'>): string {
  if (group_name !== null) return `of the group ${group_name}: `;
  return hostname === null ? '' : `of ${hostname}: `;
}
