import { useQuery } from '@tanstack/react-query';

import { sessionQuery } from './queries';
import type { Role } from './types';

const rank: Record<Role, number> = { viewer: 0, technician: 1, approver: 2, admin: 3 };

export function mayAct(held: Role, needed: Role): boolean {
  return rank[held] >= rank[needed];
}

// Only what the screen offers: the server decides.
export function useMay(needed: Role): boolean {
  const { data } = useQuery(sessionQuery);
  return data != null && mayAct(data.user.role, needed);
}
