import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { clientsQuery, groupsOfMachinesQuery } from '../api/queries';
import { placesOf, whereOf, type GroupScope } from './place-choice';

// A group's begins with a space: no client's does.
function valueOf({ client_id, site_id, group_id }: GroupScope): string {
  if (group_id !== null) return ` ${group_id}`;
  return client_id === null ? '' : `${client_id} ${site_id ?? ''}`;
}

interface GroupPlaceChoiceProps {
  value: GroupScope;
  onChange: (scope: GroupScope) => void;
  description?: string;
}

// Everywhere, a client, a site of it, or a group of its machines.
export function GroupPlaceChoice({ value, onChange, description }: GroupPlaceChoiceProps) {
  const clients = useQuery(clientsQuery).data ?? [];
  const groups = useQuery(groupsOfMachinesQuery).data ?? [];
  const of_groups = groups.map((group) => ({
    value: valueOf({ client_id: group.client_id, site_id: null, group_id: group.id }),
    label: whereOf({ client_name: group.client_name, site_name: null, group_name: group.name }),
  }));
  const choose = (next: string | null) => {
    const [first, second] = (next ?? '').split(' ');
    const group = groups.find((each) => first === '' && each.id === second);
    if (group) onChange({ client_id: group.client_id, site_id: null, group_id: group.id });
    else onChange({ client_id: first || null, site_id: second || null, group_id: null });
  };
  return (
    <Select
      label="Where"
      description={description}
      data={[
        { group: 'Clients and sites', items: [{ value: '', label: 'Everywhere' }, ...placesOf(clients)] },
        { group: 'Groups', items: of_groups },
      ]}
      value={valueOf(value)}
      allowDeselect={false}
      searchable
      onChange={choose}
    />
  );
}
