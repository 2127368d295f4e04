import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';

import { approveSchedule, removeSchedule, withdrawScheduleApproval } from '../../api/actions';
import { useRoleFor } from '../../api/permissions';
import { clientsQuery, commandTypesQuery, scheduleQuery, scheduleRunsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { CommandState, Schedule, ScheduleRun } from '../../api/types';
import { some } from '../../format/number';
import type { Json } from '../../format/schema';
import { command_states, run_outcomes, schedule_states } from '../../format/words';
import { Ago } from '../../parts/ago';
import { Beforehand } from '../../parts/beforehand';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Facts, Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { ScreenHead } from '../../parts/screen-head';
import { Failure, State } from '../../parts/states';
import { Tag, WordTag } from '../../parts/tag';
import { ValueView } from '../../parts/value-view';
import { PauseButton } from './pause-button';
import { ScheduleForm } from './schedule-form';
import classes from './schedules.module.css';
import { placeOf, scopeText } from './scope';

const route = getRouteApi('/app/schedules/$scheduleId');

export function ScheduleScreen() {
  const { scheduleId } = route.useParams();
  const { data, error, refetch } = useQuery(scheduleQuery(scheduleId));
  if (data) return <Shown schedule={data} />;
  return (
    <>
      <ScreenHead title="Schedule" />
      {error ? <Failure error={error} retry={() => void refetch()} /> : <TableSkeleton rows={4} />}
    </>
  );
}

function Shown({ schedule }: { schedule: Schedule }) {
  const [changing, setChanging] = useState(false);
  const clients = useQuery(clientsQuery).data ?? [];
  const type = useQuery(commandTypesQuery).data?.find((each) => each.type === schedule.type);
  const mayChange = useRoleFor(rights.changeSchedule, schedule.type);
  const mayRemove = useRoleFor(rights.removeSchedule, schedule.type);
  const mayApprove = useRoleFor(rights.approveSchedule, schedule.type);
  const at = placeOf(schedule.scope, clients);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => removeSchedule(schedule.id),
    onSuccess: () => {
      sayDone('Removed. What it ordered stays.');
      void queries.invalidateQueries({ queryKey: ['schedules'] });
      void navigate({ to: '/schedules' });
    },
    onError: (problem) => sayFailed('It was not removed', problem),
  });
  return (
    <>
      <ScreenHead
        title={schedule.name}
        tags={<WordTag word={schedule_states[schedule.state]} />}
        actions={
          <>
            <PauseButton schedule={schedule} at={at} size="xs" />
            <GuardedButton needs={mayChange} at={at} size="xs" variant="default" onClick={() => setChanging(true)}>
              Change…
            </GuardedButton>
            <GuardedButton needs={mayRemove} at={at} size="xs" variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove
            </GuardedButton>
          </>
        }
      />
      <Panel title="What it does">
        <Facts
          facts={[
            ['Command', type?.title ?? schedule.type],
            ...Object.entries(schedule.parameters).map(([name, value]): [string, ReactNode] => [
              name,
              <ValueView key={name} value={value as Json} schema={null} />,
            ]),
            ['For', scopeText(schedule.scope, clients)],
            ['When', schedule.when],
            ['By the clocks of', schedule.time_zone ?? 'each site'],
            ['Late', schedule.catch_up_s === 0 ? 'is skipped' : `may begin within ${some(Math.round(schedule.catch_up_s / 60), 'minute')}`],
            ['Next', <Ago key="next" at={schedule.next_at} never="not any more" />],
            ['With the rights of', schedule.author],
            ['Changed', <Ago key="changed" at={schedule.changed_at} />],
          ]}
        />
        <div className={classes.second}>
          {type && (
            <Beforehand
              name={schedule.name}
              risk={type.risk}
              author={schedule.author}
              given={schedule.second_person}
              needs={mayApprove}
              at={at}
              approve={(reason) => approveSchedule(schedule, reason)}
              withdraw={() => withdrawScheduleApproval(schedule.id)}
            >
              <p style={{ marginTop: 0 }} className="break">
                <b>{type.title}</b>
                {` for ${scopeText(schedule.scope, clients)}, ${schedule.when}`}
              </p>
              {Object.keys(schedule.parameters).length > 0 && <p className="mono break">{JSON.stringify(schedule.parameters)}</p>}
            </Beforehand>
          )}
        </div>
      </Panel>
      <Runs id={schedule.id} />
      {changing && <ScheduleForm schedule={schedule} onClose={() => setChanging(false)} />}
    </>
  );
}

function Runs({ id }: { id: string }) {
  const query = useInfiniteQuery(scheduleRunsQuery(id));
  const list = useLoaded(query);
  return (
    <Panel title="What became of it" note="Newest first">
      <ListStates query={query} empty={<State title="It has not come yet" />}>
        <table className={classes.table} aria-label="Runs">
          <thead>
            <tr>
              <th scope="col">Due</th>
              <th scope="col">Outcome</th>
              <th scope="col">Machines</th>
            </tr>
          </thead>
          <tbody>
            {list.rows.map((run) => (
              <Run key={run.id} run={run} />
            ))}
          </tbody>
        </table>
        <More of={list} />
      </ListStates>
    </Panel>
  );
}

const most_named = 5;

function Run({ run }: { run: ScheduleRun }) {
  const named = run.left_out.slice(0, most_named);
  return (
    <tr>
      <td>
        {run.local.replace('T', ' ')}
        <div className="dim">{run.time_zone}</div>
      </td>
      <td>
        <WordTag word={run_outcomes[run.outcome]} />
        {run.reason && <div className="dim">{run.reason.text}</div>}
      </td>
      <td>
        <div className={classes.states}>
          {run.ordered > 0 && (
            <Link to="/operations" search={{ view: 'all', run: run.id }}>
              {some(run.ordered, 'machine')}
            </Link>
          )}
          {Object.entries(run.states).map(([state, number]) => {
            const word = command_states[state as CommandState];
            return <Tag key={state} tone={word.tone}>{`${word.text}: ${number}`}</Tag>;
          })}
          {run.ordered === 0 && run.outcome === 'ordered' && <span className="dim">none</span>}
        </div>
        {named.length > 0 && (
          <ul className={classes.left}>
            {named.map((one) => (
              <li key={one.hostname}>{`${one.hostname}: ${one.text}`}</li>
            ))}
            {run.left_out.length > named.length && <li>{`and ${some(run.left_out.length - named.length, 'more')} left out`}</li>}
          </ul>
        )}
      </td>
    </tr>
  );
}
