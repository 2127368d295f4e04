import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { windowsOfSiteQuery } from '../../api/queries';
import { minutes } from '../../format/time';
import { Failure } from '../../parts/states';
import { Openings } from './openings';
import classes from './windows.module.css';

const from_words = {
  site: 'The site’s own windows',
  client: 'The windows of its client, as it has none of its own',
};

// What is in force at a site, where that comes from, and when it opens next.
export function SiteWindows({ siteId }: { siteId: string }) {
  const { data, error, refetch } = useQuery(windowsOfSiteQuery(siteId));
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={80} role="status" aria-label="Loading" />;
  if (data.from === null) return <p className={classes.plain}>None: machines there may be changed at any time.</p>;
  return (
    <section className={classes.force} aria-label="Windows in force">
      <p className={classes.plain}>{`${from_words[data.from]}, by the clocks of ${data.time_zone}`}</p>
      <ul>
        {data.items.map((window) => (
          <li key={window.id}>
            <b>{window.name}</b> {`${window.when}, for ${minutes(window.length_minutes)}`}
          </li>
        ))}
      </ul>
      <Openings next={data.next} zone={data.time_zone} open={data.open} />
    </section>
  );
}
