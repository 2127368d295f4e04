import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { clientsQuery, groupsOfMachinesQuery, profilesQuery } from '../../api/queries';
import type { Client, Group, Profile } from '../../api/types';
import type { ProfilesSearch } from '../../app/router';
import { sentence } from '../../format/words';
import { TableSkeleton } from '../../parts/data-table';
import { GroupPlaceChoice } from '../../parts/group-place-choice';
import { IconArrowLeft } from '../../parts/icons';
import { Panel } from '../../parts/panel';
import { whereOf, type GroupScope } from '../../parts/place-choice';
import { ScreenHead } from '../../parts/screen-head';
import { Failure, None } from '../../parts/states';
import { PlaceSettingsPanel } from './place-settings';
import { levelText } from './profile-words';
import classes from './profiles.module.css';

const route = getRouteApi('/app/profiles');

// The place that the address names; of a site or a group it names no client.
function scopeOf(clients: Client[], group: Group | undefined, { client_id, site_id, group_id }: ProfilesSearch): GroupScope {
  if (group_id) return { client_id: group?.client_id ?? null, site_id: null, group_id };
  const client = clients.find((each) => (site_id ? each.sites.some((site) => site.id === site_id) : each.id === client_id));
  return { client_id: client?.id ?? client_id ?? null, site_id: site_id ?? null, group_id: null };
}

function searchOf({ client_id, site_id, group_id }: { client_id: string | null; site_id: string | null; group_id: string | null }): ProfilesSearch {
  if (group_id) return { group_id };
  return site_id ? { site_id } : client_id ? { client_id } : {};
}

function nameOf(clients: Client[], group: Group | undefined, { client_id, site_id }: GroupScope): string {
  if (group) return whereOf({ client_name: group.client_name, site_name: null, group_name: group.name });
  const client = clients.find((each) => each.id === client_id);
  const site = client?.sites.find((each) => each.id === site_id);
  return whereOf({ client_name: client_id === null ? null : (client?.name ?? ''), site_name: site_id === null ? null : (site?.name ?? '') });
}

export function ProfilesScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: clients = [] } = useQuery(clientsQuery);
  const { data: groups = [] } = useQuery(groupsOfMachinesQuery);
  const group = groups.find((each) => each.id === search.group_id);
  const scope = scopeOf(clients, group, search);
  return (
    <>
      <ScreenHead
        title="Settings of agents"
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconArrowLeft size={14} />}
            renderRoot={(props) => <Link {...props} to="/agents" search={{ client_id: search.client_id, site_id: search.site_id }} />}
          >
            The agents
          </Button>
        }
      />
      <div style={{ maxWidth: '26rem', marginBottom: '0.75rem' }}>
        <GroupPlaceChoice
          value={scope}
          description="The nearest place that sets a value counts"
          onChange={(next) => void navigate({ search: searchOf(next), replace: true })}
        />
      </div>
      <PlaceSettingsPanel key={JSON.stringify(scope)} scope={scope} where={nameOf(clients, group, scope)} />
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
          <Link to="/profiles" search={searchOf(profile)} className="break">
            {where}
          </Link>
        )}
      </span>
      <span className={classes.value}>
        <b>{profile.name}</b>
        <span className="dim">{`${levelText(profile.level, null)} · changed by ${profile.changed_by}`}</span>
      </span>
      <span />
      {profile.problem && <span className={classes.why}>{sentence(profile.problem)}</span>}
    </li>
  );
}
