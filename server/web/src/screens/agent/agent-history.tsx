import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { historyQuery } from '../../api/queries';
import type { HistoryEntry } from '../../api/types';
import type { Tone } from '../../format/words';
import { Ago, Told } from '../../parts/ago';
import { IconHistory } from '../../parts/icons';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import { State } from '../../parts/states';
import { Dot } from '../../parts/tag';
import classes from './agent.module.css';

const tones: Record<HistoryEntry['severity'], Tone> = { info: 'quiet', warning: 'warning', error: 'critical' };

export function AgentHistory({ agentId }: { agentId: string }) {
  const query = useInfiniteQuery(historyQuery(agentId));
  const list = useLoaded(query);
  return (
    <ListStates
      query={query}
      empty={<State title="Nothing has happened yet" icon={<IconHistory size={36} stroke={1.4} />} />}
    >
      <Panel title="History" note="Newest first">
        <ol className={classes.history}>
          {list.rows.map((entry) => (
            <Entry key={entry.seq} entry={entry} />
          ))}
        </ol>
        <More of={list} label="Older" />
      </Panel>
    </ListStates>
  );
}

function Entry({ entry }: { entry: HistoryEntry }) {
  return (
    <li>
      <Dot word={{ text: entry.severity, tone: tones[entry.severity] }} />
      <Ago at={entry.at} />
      <span className="break">
        {entry.command_id ? (
          <Link to="/operations/$commandId" params={{ commandId: entry.command_id }}>
            <Told text={entry.text} />
          </Link>
        ) : (
          <Told text={entry.text} />
        )}
        {entry.code && <span className="dim mono">{`  ${entry.code}`}</span>}
      </span>
      <span className={classes.who}>{`${entry.actor} · ${entry.subsystem}`}</span>
    </li>
  );
}
