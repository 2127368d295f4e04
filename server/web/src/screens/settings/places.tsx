import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { addClient, addSite, removeClient, removeSite, renameClient, renameSite, setTimeZone } from '../../api/actions';
import { clientsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Client, Site } from '../../api/types';
import { some } from '../../format/number';
import { TableSkeleton } from '../../parts/data-table';
import { Wrong } from '../../parts/door';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone } from '../../parts/said';
import { Failure } from '../../parts/states';
import { own_zone, zone_names } from '../../format/zones';
import classes from './settings.module.css';

// What the one dialog of this screen asks for.
interface Asking {
  title: string;
  name: string;
  zone?: string; // of a site
  save: (name: string, zone: string) => Promise<unknown>;
  remove?: () => Promise<unknown>; // only for what is empty
}

async function newSite(clientId: string, name: string, zone: string): Promise<void> {
  const site = await addSite(clientId, name);
  if (zone !== site.time_zone) await setTimeZone(site.id, zone);
}

async function changeSite(site: Site, name: string, zone: string): Promise<void> {
  if (name !== site.name) await renameSite(site.id, name);
  if (zone !== site.time_zone) await setTimeZone(site.id, zone);
}

const machinesOf = (client: Client) => client.sites.reduce((sum, site) => sum + site.agents, 0);

export function Places() {
  const { data, error, refetch } = useQuery(clientsQuery);
  const [asking, setAsking] = useState<Asking | null>(null);
  const add: Asking = { title: 'Add a client', name: '', save: addClient };
  return (
    <Panel
      title="Clients and sites"
      note="Every machine belongs to one site"
      action={
        <GuardedButton needs={rights.createClient} at="everywhere" size="xs" onClick={() => setAsking(add)}>
          Add a client…
        </GuardedButton>
      }
    >
      {data ? (
        <ul className={classes.clients}>
          {data.map((client) => (
            <ClientRow key={client.id} client={client} ask={setAsking} />
          ))}
        </ul>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={4} />
      )}
      <Modal opened={asking !== null} onClose={() => setAsking(null)} title={asking?.title} closeButtonProps={{ 'aria-label': 'Close' }}>
        {asking && <AskName asking={asking} onDone={() => setAsking(null)} />}
      </Modal>
    </Panel>
  );
}

function ClientRow({ client, ask }: { client: Client; ask: (asking: Asking) => void }) {
  const whole = { client_id: client.id, site_id: '' };
  return (
    <li>
      <div className={classes.place}>
        <Link to="/agents" search={{ client_id: client.id }} className="break">
          <b>{client.name}</b>
        </Link>
        <span className="dim number">{some(machinesOf(client), 'machine')}</span>
        <Link to="/profiles" search={{ client_id: client.id }} aria-label={`Settings of the agents of ${client.name}`}>
          Settings
        </Link>
        <GuardedButton
          needs={rights.renameClient}
          at="everywhere"
          size="compact-xs"
          variant="default"
          aria-label={`Change ${client.name}`}
          onClick={() =>
            ask({
              title: `Change ${client.name}`,
              name: client.name,
              save: (name) => renameClient(client.id, name),
              ...(machinesOf(client) === 0 ? { remove: () => removeClient(client.id) } : {}),
            })
          }
        >
          Change…
        </GuardedButton>
        <GuardedButton
          needs={rights.createSite}
          at={whole}
          size="compact-xs"
          variant="subtle"
          aria-label={`Add a site to ${client.name}`}
          onClick={() =>
            ask({ title: `Add a site to ${client.name}`, name: '', zone: own_zone, save: (name, zone) => newSite(client.id, name, zone) })
          }
        >
          Add a site…
        </GuardedButton>
      </div>
      <ul className={classes.sites} aria-label={`Sites of ${client.name}`}>
        {client.sites.map((site) => (
          <li key={site.id} className={classes.place}>
            <Link to="/agents" search={{ site_id: site.id }} className="break">
              {site.name}
            </Link>
            <span className="dim number">{some(site.agents, 'machine')}</span>
            <span className="dim">{site.time_zone}</span>
            <Link to="/profiles" search={{ site_id: site.id }} aria-label={`Settings of the agents of ${client.name} / ${site.name}`}>
              Settings
            </Link>
            <GuardedButton
              needs={rights.renameSite}
              at={whole}
              size="compact-xs"
              variant="default"
              aria-label={`Change ${client.name} / ${site.name}`}
              onClick={() =>
                ask({
                  title: `Change ${client.name} / ${site.name}`,
                  name: site.name,
                  zone: site.time_zone,
                  save: (name, zone) => changeSite(site, name, zone),
                  ...(site.agents === 0 ? { remove: () => removeSite(site.id) } : {}),
                })
              }
            >
              Change…
            </GuardedButton>
          </li>
        ))}
      </ul>
    </li>
  );
}

function AskName({ asking, onDone }: { asking: Asking; onDone: () => void }) {
  const [name, setName] = useState(asking.name);
  const [zone, setZone] = useState(asking.zone ?? '');
  const queries = useQueryClient();
  const after = {
    onSuccess: () => {
      sayDone('Done.');
      for (const queryKey of [clientsQuery.queryKey, ['agents'], ['agent'], ['schedules'], ['windows'], ['site-windows'], ['commands']]) void queries.invalidateQueries({ queryKey });
      onDone();
    },
  };
  const save = useMutation({ mutationFn: () => asking.save(name, zone), ...after });
  const remove = useMutation({ mutationFn: async () => asking.remove?.(), ...after });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <Wrong error={save.error ?? remove.error} />
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {asking.zone !== undefined && (
          <Select
            label="Time zone"
            description="Schedules that come by the time of each site, and its maintenance windows, go by its clocks"
            searchable
            allowDeselect={false}
            nothingFoundMessage="No such time zone"
            data={[...new Set([zone, ...zone_names])]}
            value={zone}
            onChange={(value) => setZone(value ?? zone)}
          />
        )}
        <Group justify={asking.remove ? 'space-between' : 'flex-end'} gap="xs">
          {asking.remove && (
            <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove it
            </Button>
          )}
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
