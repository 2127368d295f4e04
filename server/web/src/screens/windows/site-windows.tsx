import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { windowsOfAgentQuery, windowsOfSiteQuery } from '../../api/queries';
import type { MaintenanceWindow, WindowsInForce } from '../../api/types';
import { minutes } from '../../format/time';
import { Failure } from '../../parts/states';
import { holderOf } from './holder';
import { Openings } from './openings';
import classes from './windows.module.css';

type From = NonNullable<WindowsInForce['from']>;

const of_machine: Record<From, string> = {
  machine: 'The machine’s own windows',
  group: 'The windows of its groups',
  site: 'The windows of its site',
  client: 'The windows of its client',
};

const of_site: Record<From, string> = {
  ...of_machine,
  site: 'The site’s own windows',
  client: 'The windows of its client, as it has none of its own',
};

// What is in force at a site, where that comes from, and when it opens next.
export function SiteWindows({ siteId }: { siteId: string }) {
  return <InForce asked={useQuery(windowsOfSiteQuery(siteId))} words={of_site} any="None: machines there may be changed at any time." />;
}

export function MachineWindows({ agentId }: { agentId: string }) {
  return <InForce asked={useQuery(windowsOfAgentQuery(agentId))} words={of_machine} any="None: it may be changed at any time." />;
}

interface InForceProps {
  asked: { data: WindowsInForce | undefined; error: Error | null; refetch: () => unknown };
  words: Record<From, string>;
  any: string; // where there is none
}

function InForce({ asked: { data, error, refetch }, words, any }: InForceProps) {
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={80} role="status" aria-label="Loading" />;
  return (
    <section className={classes.force} aria-label="Windows in force">
      {data.from === null ? (
        <p className={classes.plain}>{any}</p>
      ) : (
        <>
          <p className={classes.plain}>{`${words[data.from]}, by the clocks of ${data.time_zone}`}</p>
          <List windows={data.items} />
          <Openings next={data.next} zone={data.time_zone} open={data.open} />
        </>
      )}
      {data.narrower.length > 0 && (
        <>
          <p className={classes.plain}>Machines there that go by windows of their groups or their own:</p>
          <List windows={data.narrower} />
        </>
      )}
    </section>
  );
}

function List({ windows }: { windows: MaintenanceWindow[] }) {
  return (
    <ul>
      {windows.map((window) => (
        <li key={window.id}>
          <b>{window.name}</b> {`${holderOf(window)}${window.when}, for ${minutes(window.length_minutes)}`}
        </li>
      ))}
    </ul>
  );
}
