import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { useMayThere, type Place } from '../api/permissions';
import { clientsQuery, groupsOfMachinesQuery } from '../api/queries';
import type { Role } from '../api/types';
import { choose_one, placesOf, useUnplaced, whereOf, type GroupScope } from './place-choice';

// A group's begins with a space: no client's does.
function valueOf({ client_id, site_id, group_id }: GroupScope): string {
  if (group_id !== null) return ` ${group_id}`;
  return client_id === null ? '' : `${client_id} ${site_id ?? ''}`;
}

interface GroupPlaceChoiceProps {
  value: GroupScope;
  onChange: (scope: GroupScope) => void;
  description?: string;
  needs?: Role; // to decide something there; without, what one sees
}

// Everywhere, a client, a site of it, or a group of its machines.
export function GroupPlaceChoice({ value, onChange, description, needs }: GroupPlaceChoiceProps) {
  const clients = useQuery(clientsQuery).data ?? [];
  const groups = useQuery(groupsOfMachinesQuery).data ?? [];
  const mayDecide = useMayThere(needs ?? 'viewer');
  const may = (place: Place) => needs === undefined || mayDecide(place);
  const unplaced = useUnplaced(needs ?? 'viewer', value) && needs !== undefined;
  const of_groups = groups.filter(({ client_id }) => may({ client_id, site_id: '' })).map((group) => ({
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
      placeholder={choose_one}
      data={[
        { group: 'Clients and sites', items: placesOf(clients, may) },
        { group: 'Groups', items: of_groups },
      ]}
      value={unplaced ? null : valueOf(value)}
      allowDeselect={false}
      searchable
      onChange={choose}
    />
  );
}
