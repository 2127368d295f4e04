import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';

import { agentsQuery } from '../../api/queries';
import type { Agent } from '../../api/types';

const typing_ms = 200;

// Machines by something of their name, once something is typed that is not `chosen`: what stands in the field anyway.
export function useFoundMachines(typed: string, chosen: string | undefined): Agent[] {
  const [search] = useDebouncedValue(typed.trim(), typing_ms);
  const asked = search !== '' && search !== chosen;
  const found = useInfiniteQuery({ ...agentsQuery({ search }), enabled: asked });
  return asked ? (found.data?.pages[0]?.items ?? []) : [];
}
