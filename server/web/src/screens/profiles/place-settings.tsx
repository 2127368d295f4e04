import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { placeOf } from '../../api/permissions';
import { placeSettingsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { PlaceSetting } from '../../api/types';
import { some } from '../../format/number';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import type { GroupScope } from '../../parts/place-choice';
import { Failure, None } from '../../parts/states';
import { DriftTags } from './drift-tags';
import { ProfileDialog } from './profile-dialog';
import { driftText, levelText, settingText } from './profile-words';
import classes from './profiles.module.css';

// What is wished of the machines at a place, from which level, and how far it is so.
export function PlaceSettingsPanel({ scope, where }: { scope: GroupScope; where: string }) {
  const { data, error, refetch } = useQuery(
    placeSettingsQuery({
      client_id: scope.site_id || scope.group_id ? undefined : (scope.client_id ?? undefined),
      site_id: scope.site_id ?? undefined,
      group_id: scope.group_id ?? undefined,
    }),
  );
  const [asking, setAsking] = useState(false);
  const states = data && driftText(data.drift);
  return (
    <Panel
      title="Settings of the agents"
      note={data && `${where}: ${some(data.agents, 'machine')}${states ? ` (${states})` : ''}`}
      action={
        data && (
          <GuardedButton needs={data.profile ? rights.changeProfile : rights.createProfile} at={placeOf(scope)} size="xs" onClick={() => setAsking(true)}>
            {data.profile ? 'Change what is set here…' : 'Set something here…'}
          </GuardedButton>
        )
      }
    >
      {data ? (
        data.items.length === 0 ? (
          <None>Nothing is wished here: every machine goes by its own agent.yaml and the defaults.</None>
        ) : (
          <ul className={classes.rows} aria-label="What is wished">
            {data.items.map((setting) => (
              <Row key={setting.key} setting={setting} />
            ))}
          </ul>
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={4} />
      )}
      {asking && data && <ProfileDialog profile={data.profile} scope={{ ...scope, agent_id: null }} where={where} onClose={() => setAsking(false)} />}
    </Panel>
  );
}

function Row({ setting }: { setting: PlaceSetting }) {
  return (
    <li>
      <span className={classes.key}>{setting.key}</span>
      <span className={classes.value}>
        <b>{settingText(setting.value)}</b>
        <span className="dim">{`${levelText(setting.level, setting.group_name)} · ${setting.profile_name}`}</span>
      </span>
      <DriftTags counts={setting.drift} />
    </li>
  );
}
