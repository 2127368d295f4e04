import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { clientsQuery } from '../api/queries';
import type { Client } from '../api/types';

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

const valueOf = ({ client_id, site_id }: Scope) => (client_id === null ? '' : `${client_id} ${site_id ?? ''}`);

export function placesOf(clients: Client[]): { value: string; label: string }[] {
  return clients.flatMap((client) => [
    { value: valueOf({ client_id: client.id, site_id: null }), label: client.name },
    ...client.sites.map((site) => ({
      value: valueOf({ client_id: client.id, site_id: site.id }),
      label: `${client.name} / ${site.name}`,
    })),
  ]);
}

interface PlaceChoiceProps {
  value: Scope;
  onChange: (scope: Scope) => void;
  description?: string;
  nowhere?: string; // instead of everywhere, where that is none
}

export function PlaceChoice({ value, onChange, description, nowhere }: PlaceChoiceProps) {
  const clients = useQuery(clientsQuery).data ?? [];
  const data = [...(nowhere === undefined ? [{ value: '', label: 'Everywhere' }] : []), ...placesOf(clients)];
  return (
    <Select
      label="Where"
      description={description}
      placeholder={nowhere}
      data={data}
      value={nowhere !== undefined && value.client_id === null ? null : valueOf(value)}
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
