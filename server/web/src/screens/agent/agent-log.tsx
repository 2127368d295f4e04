import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { commandQuery, commandsQuery } from '../../api/queries';
import type { Command } from '../../api/types';
import { command_states, in_flight } from '../../format/words';
import { Ago } from '../../parts/ago';
import { CommandProgress } from '../../parts/command-progress';
import { TableSkeleton } from '../../parts/data-table';
import { IconTerminal2 } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { LogView } from '../../parts/log-view';
import { Panel } from '../../parts/panel';
import { Failure, State } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import classes from './agent.module.css';

const route = getRouteApi('/app/agents/$agentId');

// The machine's commands, newest first, and the log of the chosen one as it is written.
export function AgentLog({ agentId }: { agentId: string }) {
  const { command: chosen } = route.useSearch();
  const query = useInfiniteQuery(commandsQuery({ agent_id: agentId }));
  const { rows } = useLoaded(query);
  const shown = rows.find((command) => command.id === chosen) ?? rows.find(isBusy) ?? rows[0];
  return (
    <ListStates
      query={query}
      empty={
        <State title="Nothing was ordered of this machine yet" icon={<IconTerminal2 size={36} stroke={1.4} />}>
          <p>“Scan now” is an order, too: its log would be here.</p>
        </State>
      }
    >
      <div className={classes.commands}>
        <Panel title="Commands">
          <ul className={classes.pick}>
            {rows.map((command) => (
              <li key={command.id}>
                <Link
                  to="/agents/$agentId"
                  params={{ agentId }}
                  search={{ tab: 'log', command: command.id }}
                  replace
                  aria-current={command.id === shown?.id || undefined}
                >
                  <span className={classes.line}>
                    <b>{command.title}</b>
                    <WordTag word={command_states[command.state]} />
                  </span>
                  <span className="dim">
                    {command.actor} · <Ago at={command.created_at} />
                  </span>
                  <CommandProgress command={command} />
                </Link>
              </li>
            ))}
          </ul>
        </Panel>
        {shown && <CommandLog command={shown} />}
      </div>
    </ListStates>
  );
}

function isBusy(command: Command): boolean {
  return in_flight.includes(command.state);
}

function CommandLog({ command }: { command: Command }) {
  const { data, error, refetch } = useQuery(commandQuery(command.id));
  return (
    <Panel
      title={command.title}
      note={command.reason?.text}
      action={
        <Link to="/operations/$commandId" params={{ commandId: command.id }}>
          Plan and details
        </Link>
      }
    >
      {data ? (
        <LogView key={data.id} lines={data.log} running={isBusy(data)} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={6} />
      )}
    </Panel>
  );
}
