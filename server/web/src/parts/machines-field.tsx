import { MultiSelect } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { agentsQuery } from '../api/queries';

const typing_ms = 200;

interface MachinesFieldProps {
  chosen: string[];
  choose: (ids: string[]) => void;
  clientId?: string | undefined; // of one client alone
  description?: string;
  known?: Record<string, string>; // hostnames of what is chosen already
}

// Machines by name, found as one types.
export function MachinesField({ chosen, choose, clientId, description = 'Of one client', known = {} }: MachinesFieldProps) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), typing_ms);
  const [names, setNames] = useState<Record<string, string>>(known);
  const found = useInfiniteQuery(agentsQuery({ search: search || undefined, client_id: clientId })).data?.pages[0]?.items ?? [];
  const shown = found.map((agent) => ({ value: agent.id, label: agent.hostname }));
  const others = chosen.filter((id) => !found.some((agent) => agent.id === id));
  return (
    <MultiSelect
      label="Machines"
      description={description}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      nothingFoundMessage="No such machine"
      limit={50}
      data={[...shown, ...others.map((id) => ({ value: id, label: names[id] ?? id }))]}
      value={chosen}
      onChange={(ids) => {
        setNames((before) => ({ ...before, ...Object.fromEntries(shown.map(({ value, label }) => [value, label])) }));
        choose(ids);
      }}
    />
  );
}
