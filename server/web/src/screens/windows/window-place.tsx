import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { placeOf, siteOf, useMayThere } from '../../api/permissions';
import { clientsQuery, groupsOfMachinesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import { whereOf } from '../../parts/place-choice';
import { useFoundMachines } from './found-machines';

// Whom a window is for: a client, or something of it.
export interface WindowScope {
  client_id: string | null;
  site_id: string | null;
  group_id: string | null;
  agent_id: string | null;
}

export const nowhere: WindowScope = { client_id: null, site_id: null, group_id: null, agent_id: null };

const valueOf = ({ client_id, site_id, group_id, agent_id }: WindowScope) => (client_id === null ? null : [client_id, site_id, group_id, agent_id].map((id) => id ?? '').join(' '));

function scopeOf(value: string | null): WindowScope {
  const [client_id, site_id, group_id, agent_id] = (value ?? '').split(' ').map((id) => id || null);
  return { client_id: client_id ?? null, site_id: site_id ?? null, group_id: group_id ?? null, agent_id: agent_id ?? null };
}

// Clients, sites and groups where one may; machines, once something of a name is typed.
export function WindowPlace({ value, onChange }: { value: WindowScope; onChange: (scope: WindowScope) => void }) {
  const may = useMayThere(rights.createMaintenanceWindow);
  const clients = useQuery(clientsQuery).data ?? [];
  const groups = useQuery(groupsOfMachinesQuery).data ?? [];
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<{ value: string; label: string } | null>(null);
  const found = useFoundMachines(typed, chosen?.label);
  const places = clients
    .flatMap((client) => [
      { scope: { ...nowhere, client_id: client.id }, label: client.name },
      ...client.sites.map((site) => ({ scope: { ...nowhere, client_id: client.id, site_id: site.id }, label: `${client.name} / ${site.name}` })),
    ])
    .filter(({ scope }) => may(placeOf(scope)))
    .map(({ scope, label }) => ({ value: valueOf(scope) ?? '', label }));
  const of_groups = groups
    .filter((group) => may({ client_id: group.client_id, site_id: '' }))
    .map((group) => ({
      value: valueOf({ ...nowhere, client_id: group.client_id, group_id: group.id }) ?? '',
      label: whereOf({ client_name: group.client_name, site_name: null, group_name: group.name }),
    }));
  const machines = found.filter((agent) => may(siteOf(agent))).map((agent) => ({
    value: valueOf({ ...nowhere, client_id: agent.client.id, agent_id: agent.id }) ?? '',
    label: agent.hostname,
  }));
  const listed = [...places, ...of_groups, ...machines];
  const lacking = chosen !== null && !listed.some((one) => one.value === chosen.value) ? [chosen] : [];
  return (
    <Select
      label="Where"
      description="It cannot be changed later"
      placeholder="A client, a site, a group, or a machine’s name"
      data={[
        { group: 'Clients and sites', items: places },
        { group: 'Groups', items: of_groups },
        { group: 'Machines', items: [...lacking, ...machines] },
      ]}
      value={valueOf(value)}
      allowDeselect={false}
      searchable
      limit={200}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={(next) => {
        setChosen(listed.find((one) => one.value === next) ?? null);
        onChange(scopeOf(next));
      }}
    />
  );
}
