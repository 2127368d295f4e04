export interface Service {
  name: string;
  reason: string;
  packages: string[];
  needs_reboot: boolean; // no order restarts it: a restart of the machine renews it
}

// Those of rows of service/1 that still run what an update has replaced.
export function outdatedServices(rows: readonly { fields: Record<string, unknown> }[]): Service[] {
  return rows
    .filter(({ fields }) => fields['needs_restart'] === true)
    .map(({ fields }) => ({
      name: String(fields['name']),
      reason: String(fields['reason'] ?? ''),
      packages: Array.isArray(fields['packages']) ? fields['packages'].map(String) : [],
      needs_reboot: fields['needs_reboot'] === true,
    }));
}
