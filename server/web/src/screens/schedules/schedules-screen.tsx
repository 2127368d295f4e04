import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { clientsQuery, commandTypesQuery, schedulesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Schedule } from '../../api/types';
import { schedule_states } from '../../format/words';
import { Ago } from '../../parts/ago';
import { GuardedButton } from '../../parts/guarded-button';
import { IconCalendarTime } from '../../parts/icons';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import { ScreenHead } from '../../parts/screen-head';
import { State } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { PauseButton } from './pause-button';
import { ScheduleForm } from './schedule-form';
import classes from './schedules.module.css';
import { placeOf, scopeText } from './scope';

export function SchedulesScreen() {
  const query = useInfiniteQuery(schedulesQuery);
  const list = useLoaded(query);
  const [adding, setAdding] = useState(false);
  const navigate = useNavigate();
  const add = (
    <GuardedButton needs={rights.createSchedule} size="xs" onClick={() => setAdding(true)}>
      Add a schedule…
    </GuardedButton>
  );
  return (
    <>
      <ScreenHead title="Schedules" actions={add} />
      <ListStates
        query={query}
        empty={
          <State title="Nothing is scheduled" icon={<IconCalendarTime size={36} stroke={1.4} />}>
            <p>A schedule orders a command of a client, a site or machines: once, or by the calendar.</p>
          </State>
        }
      >
        <Panel title="By the calendar" note="Each with the rights of who saved it last">
          <Table schedules={list.rows} />
          <More of={list} />
        </Panel>
      </ListStates>
      {adding && (
        <ScheduleForm
          onClose={() => setAdding(false)}
          onSaved={({ id }) => void navigate({ to: '/schedules/$scheduleId', params: { scheduleId: id } })}
        />
      )}
    </>
  );
}

function Table({ schedules }: { schedules: Schedule[] }) {
  const clients = useQuery(clientsQuery).data ?? [];
  const types = useQuery(commandTypesQuery).data ?? [];
  return (
    <table className={classes.table} aria-label="Schedules">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" data-wide>
            For
          </th>
          <th scope="col">When</th>
          <th scope="col">Next</th>
          <th scope="col" data-wide>
            State
          </th>
          <th scope="col">
            <span className="visually-hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => {
          const type = types.find((each) => each.type === schedule.type);
          return (
            <tr key={schedule.id}>
              <td>
                <Link to="/schedules/$scheduleId" params={{ scheduleId: schedule.id }}>
                  {schedule.name}
                </Link>
                <div className="dim">{type?.title ?? schedule.type}</div>
              </td>
              <td data-wide>{scopeText(schedule.scope, clients)}</td>
              <td>
                {schedule.when}
                <div className="dim">{schedule.time_zone ?? 'by the clocks of each site'}</div>
              </td>
              <td>
                <Ago at={schedule.next_at} never="–" />
              </td>
              <td data-wide>
                <WordTag word={schedule_states[schedule.state]} />
              </td>
              <td>
                <PauseButton schedule={schedule} at={placeOf(schedule.scope, clients)} size="compact-xs" />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
