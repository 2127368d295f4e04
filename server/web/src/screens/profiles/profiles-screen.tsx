import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { clientsQuery, profilesQuery } from '../../api/queries';
import type { Client, Profile } from '../../api/types';
import { settings_levels } from '../../format/words';
import { TableSkeleton } from '../../parts/data-table';
import { IconArrowLeft } from '../../parts/icons';
import { Panel } from '../../parts/panel';
import { PlaceChoice, whereOf, type Scope } from '../../parts/place-choice';
import { ScreenHead } from '../../parts/screen-head';
import { Failure, None } from '../../parts/states';
import { PlaceSettingsPanel } from './place-settings';
import classes from './profiles.module.css';

const route = getRouteApi('/app/profiles');

// The place that the address names; of a site it names no client.
function scopeOf(clients: Client[], client_id: string | undefined, site_id: string | undefined): Scope {
  const client = clients.find((each) => (site_id ? each.sites.some((site) => site.id === site_id) : each.id === client_id));
  return { client_id: client?.id ?? client_id ?? null, site_id: site_id ?? null };
}

function nameOf(clients: Client[], { client_id, site_id }: Scope): string {
  const client = clients.find((each) => each.id === client_id);
  const site = client?.sites.find((each) => each.id === site_id);
  return whereOf({ client_name: client_id === null ? null : (client?.name ?? ''), site_name: site_id === null ? null : (site?.name ?? '') });
}

export function ProfilesScreen() {
  const { client_id, site_id } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: clients = [] } = useQuery(clientsQuery);
  const scope = scopeOf(clients, client_id, site_id);
  return (
    <>
      <ScreenHead
        title="Settings of agents"
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconArrowLeft size={14} />}
            renderRoot={(props) => <Link {...props} to="/agents" search={{ client_id, site_id }} />}
          >
            The agents
          </Button>
        }
      />
      <div style={{ maxWidth: '26rem', marginBottom: '0.75rem' }}>
        <PlaceChoice
          value={scope}
          description="The nearest place that sets a value counts"
          onChange={(next) =>
            void navigate({
              search: next.site_id ? { site_id: next.site_id } : next.client_id ? { client_id: next.client_id } : {},
              replace: true,
            })
          }
        />
      </div>
      <PlaceSettingsPanel key={JSON.stringify(scope)} scope={scope} where={nameOf(clients, scope)} />
      <AllProfiles />
    </>
  );
}

function AllProfiles() {
  const { data, error, refetch } = useQuery(profilesQuery);
  return (
    <Panel title="Where something is set" note="The widest place first">
      {data ? (
        data.length === 0 ? (
          <None>Nowhere: every machine goes by its own agent.yaml and the defaults.</None>
        ) : (
          <ul className={classes.rows} aria-label="Where something is set">
            {data.map((profile) => (
              <ProfileRow key={profile.id} profile={profile} />
            ))}
          </ul>
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
    </Panel>
  );
}

function ProfileRow({ profile }: { profile: Profile }) {
  const where = whereOf(profile);
  return (
    <li>
      <span>
        {profile.agent_id ? (
          <Link to="/agents/$agentId" params={{ agentId: profile.agent_id }} search={{ tab: 'settings' }} className="break">
            {where}
          </Link>
        ) : (
          <Link
            to="/profiles"
            search={profile.site_id ? { site_id: profile.site_id } : profile.client_id ? { client_id: profile.client_id } : {}}
            className="break"
          >
            {where}
          </Link>
        )}
      </span>
      <span className={classes.value}>
        <b>{profile.name}</b>
        <span className="dim">{`${settings_levels[profile.level]} · changed by ${profile.changed_by}`}</span>
      </span>
      <span />
    </li>
  );
}
