import { Button, CloseButton, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { mayThere, placeOf, useMayThere } from '../../api/permissions';
import { clientsQuery, sessionQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Client, Grant, Role } from '../../api/types';
import { roles } from '../../format/words';
import { options } from '../../parts/filters';
import classes from './settings.module.css';

const everything = '/';

export function placeName({ client_id, site_id }: Grant, clients: Client[]): string {
  if (client_id === null) return 'everything';
  const client = clients.find((each) => each.id === client_id);
  const name = client?.name ?? 'a client you do not see';
  if (site_id === null) return name;
  return `${name} / ${client?.sites.find((each) => each.id === site_id)?.name ?? 'a site you do not see'}`;
}

export function useClients(): Client[] {
  return useQuery(clientsQuery).data ?? [];
}

// "Approver of Northfield / Office"
export function GrantList({ grants }: { grants: Grant[] }) {
  const clients = useClients();
  return (
    <ul className={classes.grants}>
      {grants.map((grant) => (
        <li key={`${grant.client_id}/${grant.site_id}`} className="break">
          <b>{roles[grant.role]}</b>
          {` of ${placeName(grant, clients)}`}
        </li>
      ))}
    </ul>
  );
}

const key = (grant: Grant) => `${grant.client_id ?? ''}/${grant.site_id ?? ''}`;

function grantAt(place: string, role: Role): Grant {
  const [client = '', site = ''] = place.split('/');
  return { role, client_id: client || null, site_id: site || null };
}

// What somebody new is given unless more is chosen: to look at what whoever gives it administers.
export function beginningOf(given_by: Grant[]): Grant[] {
  const most = ['everywhere' as const, ...given_by.map(placeOf)].find((place) => mayThere(given_by, rights.createUser, place));
  const site = typeof most === 'object' ? most : null;
  return [{ role: 'viewer', client_id: site?.client_id ?? null, site_id: site?.site_id || null }];
}

export function useBeginning(): Grant[] {
  return beginningOf(useQuery(sessionQuery).data?.user.grants ?? []);
}

interface GrantsFieldProps {
  grants: Grant[];
  onChange: (grants: Grant[]) => void;
}

// A role for each place; a place once.
export function GrantsField({ grants, onChange }: GrantsFieldProps) {
  const clients = useClients();
  const may = useMayThere(rights.createUser);
  const places = [
    { value: everything, label: 'Everything' },
    ...clients.flatMap((client) => [
      { value: `${client.id}/`, label: client.name },
      ...client.sites.map((site) => ({ value: `${client.id}/${site.id}`, label: `${client.name} / ${site.name}` })),
    ]),
  ].filter(({ value }) => may(placeOf(grantAt(value, 'viewer'))));
  // What is granted at a place this person does not see stays as it is.
  for (const grant of grants) {
    if (!places.some(({ value }) => value === key(grant))) places.push({ value: key(grant), label: placeName(grant, clients) });
  }
  const taken = new Set(grants.map(key));
  const free = places.find(({ value }) => !taken.has(value));
  const change = (index: number, grant: Grant) => onChange(grants.map((each, at) => (at === index ? grant : each)));
  return (
    <fieldset className={classes.fieldset}>
      <legend>What they may do, and where</legend>
      {grants.map((grant, index) => (
        <div key={key(grant)} className={classes.grant}>
          <Select
            aria-label={`Role ${index + 1}`}
            data={options(roles)}
            value={grant.role}
            allowDeselect={false}
            onChange={(role) => role && change(index, { ...grant, role: role as Role })}
          />
          <Select
            aria-label={`Place ${index + 1}`}
            data={places.filter(({ value }) => value === key(grant) || !taken.has(value))}
            value={key(grant)}
            allowDeselect={false}
            searchable={places.length > 12}
            onChange={(place) => place !== null && change(index, grantAt(place, grant.role))}
          />
          <CloseButton
            aria-label={`Take grant ${index + 1} away`}
            disabled={grants.length === 1}
            onClick={() => onChange(grants.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {free && (
        <Button size="compact-sm" variant="subtle" onClick={() => onChange([...grants, grantAt(free.value, 'viewer')])}>
          Another place
        </Button>
      )}
    </fieldset>
  );
}
