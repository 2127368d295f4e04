import { useQuery } from '@tanstack/react-query';

import { commandTypesQuery, sessionQuery } from './queries';
import type { Grant, Role } from './types';

const rank: Record<Role, number> = { viewer: 0, technician: 1, approver: 2, admin: 3 };

// A site of a client; nothing: any place at all; 'everywhere': the whole server.
export interface Site {
  client_id: string;
  site_id: string | null; // '': the whole client; null: one of its sites, whichever it is
}
export type Place = Site | 'everywhere' | undefined;

export function mayAct(held: Role, needed: Role): boolean {
  return rank[held] >= rank[needed];
}

function reaches(grant: Grant, place: Place): boolean {
  if (place === undefined || !grant.client_id) return true;
  if (place === 'everywhere') return false;
  if (grant.client_id !== place.client_id) return false;
  return !grant.site_id || place.site_id === null || grant.site_id === place.site_id;
}

export function mayThere(grants: Grant[], needed: Role, place: Place): boolean {
  return grants.some((grant) => mayAct(grant.role, needed) && reaches(grant, place));
}

// Where something holds: everywhere, at a client, at a site of it, for a group of its machines or for one of them, whose site is
// not said there.
export function placeOf(scope: { client_id: string | null; site_id: string | null; agent_id?: string | null }): Place {
  if (scope.client_id === null) return 'everywhere';
  return { client_id: scope.client_id, site_id: scope.agent_id ? null : (scope.site_id ?? '') };
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

// What is done with a command asks for the role of its type as well. Of a type that is not known there is nothing to ask but the
// least.
export function useRoleFor(right: Role, type: string): Role {
  const of_type = useQuery(commandTypesQuery).data?.find((each) => each.type === type)?.permission ?? right;
  return mayAct(right, of_type) ? right : of_type;
}
