import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { rowsQuery, type GroupFilter } from '../../api/queries';
import type { AgentDetail } from '../../api/types';
import { IconCircleCheck, IconCloudOff, IconEye } from '../../parts/icons';
import { ListStates, useLoaded } from '../../parts/list';
import { NothingFound, State } from '../../parts/states';
import { ApprovableRows } from '../updates/approvable-rows';
import { one_agent_columns } from '../updates/row-columns';
import { UpdateFilters } from '../updates/update-filters';
import classes from './agent.module.css';

const route = getRouteApi('/app/agents/$agentId');

export function AgentUpdates({ agent }: { agent: AgentDetail }) {
  const { search, category, state } = route.useSearch();
  const navigate = route.useNavigate();
  const filter = { search, category, state };
  const query = useInfiniteQuery(rowsQuery({ ...filter, agent_id: agent.id }));
  const loaded = useLoaded(query);
  const set = (change: GroupFilter) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const clear = () => set({ search: undefined, category: undefined, state: undefined });
  return (
    <>
      <StandsBack agent={agent} />
      <UpdateFilters filter={filter} onChange={set} total={loaded.counted} search="Name" />
      <ListStates
        query={query}
        empty={search || category || state ? <NothingFound clear={clear} /> : <UpToDate agent={agent} />}
      >
        <ApprovableRows label={`Updates of ${agent.hostname}`} columns={one_agent_columns} loaded={loaded} />
      </ListStates>
    </>
  );
}

// Why nothing can be approved here, or why what is approved does not start.
function StandsBack({ agent }: { agent: AgentDetail }) {
  if (agent.mode === 'report') {
    return (
      <p className={classes.notice} data-tone="info">
        <IconEye size={18} aria-hidden />
        <span>
          This agent is in report mode: its updates are shown, and none can be approved. Whether it may act is decided on the
          machine itself, by <code>mode</code> in its agent.yaml.
        </span>
      </p>
    );
  }
  if (agent.connection === 'connected') return null;
  return (
    <p className={classes.notice} data-tone="warning">
      <IconCloudOff size={18} aria-hidden />
      <span>
        This machine is not connected. What you see is from its last scan; what is approved starts when it is back.
      </span>
    </p>
  );
}

function UpToDate({ agent }: { agent: AgentDetail }) {
  return agent.last_scan ? (
    <State title={agent.last_scan.complete ? 'This machine is up to date' : 'No open update is known'} icon={<IconCircleCheck size={36} stroke={1.4} />}>
      <p>{agent.last_scan.complete ? 'Its last scan found nothing newer.' : 'Its last scan was incomplete: some updates may not be known.'}</p>
    </State>
  ) : (
    <State title="Not scanned yet">
      <p>The first scan starts by itself a moment after the enrolment.</p>
    </State>
  );
}
