import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { placeOf, useMayThere, type Place } from '../api/permissions';
import { clientsQuery } from '../api/queries';
import type { Client, Role } from '../api/types';

// Where something holds: everywhere, at a client, or at a site of it.
export interface Scope {
  client_id: string | null;
  site_id: string | null;
}

// Or on a group of machines of a client.
export interface GroupScope extends Scope {
  group_id: string | null;
}

export const everywhere: GroupScope = { client_id: null, site_id: null, group_id: null };

export const choose_one = 'Choose a client or a site';

const valueOf = ({ client_id, site_id }: Scope) => (client_id === null ? '' : `${client_id} ${site_id ?? ''}`);

// Those where one may.
export function placesOf(clients: Client[], may: (place: Place) => boolean): { value: string; label: string }[] {
  return [
    { client_id: null, site_id: null, label: 'Everywhere' },
    ...clients.flatMap((client) => [
      { client_id: client.id, site_id: null, label: client.name },
      ...client.sites.map((site) => ({ client_id: client.id, site_id: site.id, label: `${client.name} / ${site.name}` })),
    ]),
  ]
    .filter((scope) => may(placeOf(scope)))
    .map((scope) => ({ value: valueOf(scope), label: scope.label }));
}

// Whether one may not everywhere, and has not said where yet.
export function useUnplaced(needs: Role, { client_id }: Scope): boolean {
  const may = useMayThere(needs);
  return client_id === null && !may('everywhere');
}

interface PlaceChoiceProps {
  value: Scope;
  onChange: (scope: Scope) => void;
  needs: Role; // to decide something there
}

export function PlaceChoice({ value, onChange, needs }: PlaceChoiceProps) {
  const clients = useQuery(clientsQuery).data ?? [];
  const may = useMayThere(needs);
  const unplaced = useUnplaced(needs, value);
  return (
    <Select
      label="Where"
      placeholder={choose_one}
      data={placesOf(clients, may)}
      value={unplaced ? null : valueOf(value)}
      allowDeselect={false}
      searchable
      onChange={(next) => {
        const [client_id, site_id] = (next ?? '').split(' ');
        onChange({ client_id: client_id || null, site_id: site_id || null });
      }}
    />
  );
}

export function whereOf(at: { client_name: string | null; site_name: string | null; hostname?: string | null; group_name?: string | null }): string {
  if (at.hostname) return `On ${at.hostname}`;
  if (at.client_name === null) return 'Everywhere';
  if (at.group_name) return `${at.client_name}, group ${at.group_name}`;
  return at.site_name === null ? at.client_name : `${at.client_name} / ${at.site_name}`;
}
