import { useQuery } from '@tanstack/react-query';

import { sessionQuery } from './queries';
import type { Grant, Role } from './types';

const rank: Record<Role, number> = { viewer: 0, technician: 1, approver: 2, admin: 3 };

// A site of a client; nothing: any place at all; 'everywhere': the whole server.
export interface Site {
  client_id: string;
  site_id: string;
}
export type Place = Site | 'everywhere' | undefined;

export function mayAct(held: Role, needed: Role): boolean {
  return rank[held] >= rank[needed];
}

function reaches(grant: Grant, place: Place): boolean {
  if (place === undefined || !grant.client_id) return true;
  if (place === 'everywhere') return false;
  return grant.client_id === place.client_id && (!grant.site_id || grant.site_id === place.site_id);
}

export function mayThere(grants: Grant[], needed: Role, place: Place): boolean {
  return grants.some((grant) => mayAct(grant.role, needed) && reaches(grant, place));
}

export function siteOf(agent: { client: { id: string }; site: { id: string } }): Site {
  return { client_id: agent.client.id, site_id: agent.site.id };
}

// Only what the screen offers: the server decides.
export function useMayThere(needed: Role): (place: Place) => boolean {
  const { data } = useQuery(sessionQuery);
  return (place) => data != null && mayThere(data.user.grants, needed, place);
}

export function useMay(needed: Role, place?: Place): boolean {
  return useMayThere(needed)(place);
}
