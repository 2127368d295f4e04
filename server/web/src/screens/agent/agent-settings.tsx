import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { siteOf } from '../../api/permissions';
import { agentSettingsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { AgentDetail, AgentSetting, AgentSettings } from '../../api/types';
import { settings_drifts, settings_sources } from '../../format/words';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { Failure, None } from '../../parts/states';
import { Tag, WordTag } from '../../parts/tag';
import { ProfileDialog } from '../profiles/profile-dialog';
import { levelText, settingText } from '../profiles/profile-words';
import classes from '../profiles/profiles.module.css';

// Which values are in force on one machine, where each came from, and what is wished of them.
export function AgentSettingsPanel({ agent }: { agent: AgentDetail }) {
  const { data, error, refetch } = useQuery(agentSettingsQuery(agent.id));
  const [asking, setAsking] = useState(false);
  return (
    <Panel
      title="Settings of the agent"
      note={data && <Told settings={data} />}
      action={
        data && (
          <GuardedButton needs={data.profile ? rights.changeProfile : rights.createProfile} at={siteOf(agent)} size="xs" onClick={() => setAsking(true)}>
            {data.profile ? 'Change what is set here…' : 'Set something here…'}
          </GuardedButton>
        )
      }
    >
      {data ? <Values settings={data} /> : error ? <Failure error={error} retry={() => void refetch()} /> : <TableSkeleton rows={5} />}
      {asking && data && (
        <ProfileDialog
          profile={data.profile}
          scope={{ client_id: null, site_id: null, group_id: null, agent_id: agent.id }}
          where={agent.hostname}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  );
}

function Told({ settings }: { settings: AgentSettings }) {
  if (settings.reported_at === null) return 'This agent does not tell its settings: it is older than that';
  return (
    <>
      {'Told '}
      <Ago at={settings.reported_at} />
      {settings.command_id && (
        <>
          {' · '}
          <Link to="/operations/$commandId" params={{ commandId: settings.command_id }}>
            the last order
          </Link>
        </>
      )}
    </>
  );
}

function Values({ settings }: { settings: AgentSettings }) {
  const [all, setAll] = useState(false);
  const notable = settings.items.filter((one) => one.level !== null || one.from === 'yaml' || one.from === 'server');
  const rest = settings.items.length - notable.length;
  const shown = all ? settings.items : notable;
  return (
    <>
      {shown.length === 0 ? (
        <None>{settings.items.length > 0 ? 'Nothing is wished, and every value is the default.' : 'Nothing is wished, and nothing is known.'}</None>
      ) : (
        <ul className={classes.rows} aria-label="Values">
          {shown.map((one) => (
            <Row key={one.key} setting={one} />
          ))}
        </ul>
      )}
      {rest > 0 && (
        <div className={classes.more}>
          <Button variant="default" size="xs" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Hide the defaults' : `Show ${rest} defaults, too`}
          </Button>
        </div>
      )}
    </>
  );
}

function inForce({ told, value, from, line }: AgentSetting): string {
  if (from === null) return 'Not set';
  const source = settings_sources[from] + (line === null ? '' : `:${line}`);
  return told ? `${settingText(value)} (${source})` : `Not told here (${source})`;
}

function Row({ setting }: { setting: AgentSetting }) {
  const { level, drift, group_name } = setting;
  return (
    <li>
      <span className={classes.key}>{setting.key}</span>
      <span className={classes.value}>
        <b>{inForce(setting)}</b>
        {level && <span className="dim">{`wished: ${settingText(setting.wished)} · ${levelText(level, group_name)} · ${setting.profile_name ?? ''}`}</span>}
      </span>
      <span className={classes.states}>{drift ? <WordTag word={settings_drifts[drift]} /> : !setting.opened && <Tag tone="quiet">Not opened</Tag>}</span>
      {setting.text && <span className={classes.why}>{setting.text}</span>}
    </li>
  );
}
