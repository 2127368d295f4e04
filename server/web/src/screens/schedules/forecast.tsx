import { Skeleton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { forecastQuery } from '../../api/queries';
import type { Forecast, ScheduleWish } from '../../api/types';
import { some } from '../../format/number';
import { localTime, utc } from '../../format/time';
import { Wrong } from '../../parts/door';
import classes from './schedules.module.css';

const typing_ms = 300;
const shown_zones = 4;

const nothing_yet: ScheduleWish = { name: '', type: '', parameters: {}, scope: {}, rule: { repeat: 'daily', time: '' }, catch_up_s: 0 };

// When it would come, before it is saved.
export function ForecastView({ wish }: { wish: ScheduleWish | null }) {
  const [settled] = useDebouncedValue(JSON.stringify(wish), typing_ms);
  const asked = (JSON.parse(settled) as ScheduleWish | null) ?? nothing_yet;
  const { data, error, isFetching } = useQuery({ ...forecastQuery(asked), enabled: settled !== 'null' });
  if (wish === null || settled === 'null') return null;
  return (
    <section className={classes.forecast} aria-label="What this means" aria-busy={isFetching}>
      {error ? <Wrong error={error} /> : data ? <Coming forecast={data} /> : <Skeleton height={90} role="status" aria-label="Loading" />}
    </section>
  );
}

function Coming({ forecast }: { forecast: Forecast }) {
  const { agents, left_out: leftOut, zones, waits } = forecast;
  return (
    <>
      <p>
        {`Would be ordered of ${some(agents, 'machine')} now`}
        {leftOut > 0 && `; ${some(leftOut, 'machine is', 'machines are')} left out`}
        {'. It is decided anew each time, with your rights at that moment.'}
      </p>
      {waits.map((wait) => (
        <p key={`${wait.window} ${wait.opens_at}`}>
          {wait.window && wait.opens_at
            ? `${some(wait.agents, 'machine then waits', 'machines then wait')} for ${wait.window}, which opens ${localTime(wait.opens_at)} here.`
            : `${some(wait.agents, 'machine then has', 'machines then have')} no maintenance window that opens again.`}
        </p>
      ))}
      <div className={classes.zones}>
        {zones.slice(0, shown_zones).map((zone) => (
          <div key={zone.time_zone}>
            <h3>{`${zone.time_zone} (${some(zone.sites, 'site')})`}</h3>
            {zone.problem ? (
              <p>{`Nothing comes there: ${zone.problem}.`}</p>
            ) : (
              <ol>
                {zone.next.map((one) => (
                  <li key={one.at}>
                    <time dateTime={one.at} title={`${utc(one.at)}\n${localTime(one.at)} here`}>
                      {one.local.replace('T', ' ')}
                    </time>
                    {one.moved && ' does not exist there: as soon as the clock is put forward'}
                  </li>
                ))}
              </ol>
            )}
          </div>
        ))}
      </div>
      {zones.length > shown_zones && <p>{`and in ${some(zones.length - shown_zones, 'more time zone')}`}</p>}
    </>
  );
}
