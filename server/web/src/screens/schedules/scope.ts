import type { Place } from '../../api/permissions';
import type { Client, ScheduleScope } from '../../api/types';
import { some } from '../../format/number';

// A scope as one text, for a list to choose from.
export const everything = 'everything';
export const named_machines = 'machines';

export function scopeKey(scope: ScheduleScope): string {
  if (scope.agent_ids) return named_machines;
  if (scope.site_id) return `site:${scope.site_id}`;
  return scope.client_id ? `client:${scope.client_id}` : everything;
}

export function scopeOf(key: string, agentIds: string[]): ScheduleScope | null {
  if (key === everything) return { everything: true };
  if (key === named_machines) return agentIds.length > 0 ? { agent_ids: agentIds } : null;
  const [kind, id = ''] = key.split(':');
  return kind === 'site' ? { site_id: id } : { client_id: id };
}

export function scopeChoices(clients: Client[]) {
  return [
    { value: named_machines, label: 'Machines, by name' },
    { value: everything, label: 'Every machine of every client' },
    ...clients.flatMap((client) => [
      { value: `client:${client.id}`, label: client.name },
      ...client.sites.map((site) => ({ value: `site:${site.id}`, label: `${client.name} / ${site.name}` })),
    ]),
  ];
}

export function scopeText(scope: ScheduleScope, clients: Client[]): string {
  if (scope.agent_ids) return some(scope.agent_ids.length, 'machine');
  const key = scopeKey(scope);
  return scopeChoices(clients).find((choice) => choice.value === key)?.label ?? 'A place you do not see';
}

// Where a role over all of it has to be; undefined where that is for the server to say.
export function placeOf(scope: ScheduleScope, clients: Client[]): Place {
  if (scope.everything) return 'everywhere';
  if (scope.client_id) return { client_id: scope.client_id, site_id: '' };
  const client = clients.find((each) => each.sites.some((site) => site.id === scope.site_id));
  return client && scope.site_id ? { client_id: client.id, site_id: scope.site_id } : undefined;
}
