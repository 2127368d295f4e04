import { Tabs } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { newIntention, scanNow } from '../../api/actions';
import { siteOf, useRoleFor } from '../../api/permissions';
import { agentQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { AgentDetail } from '../../api/types';
import type { AgentSearch } from '../../app/router';
import { ScreenSkeleton } from '../../app/waiting';
import { count } from '../../format/number';
import { connections } from '../../format/words';
import { AgentTags } from '../../parts/agent-tags';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { GuardedButton } from '../../parts/guarded-button';
import { IconRefresh, IconTerminal2 } from '../../parts/icons';
import { sayDone, sayFailed } from '../../parts/said';
import { ScreenHead } from '../../parts/screen-head';
import { Failure } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { MoveDialog } from '../agents/move-dialog';
import { OrderDialog } from '../operations/order-dialog';
import { AgentHistory } from './agent-history';
import { AgentIdentity, Revoke } from './agent-identity';
import { AgentLog } from './agent-log';
import { AgentOverview } from './agent-overview';
import { AgentRecords } from './agent-records';
import { AgentSettingsPanel } from './agent-settings';
import { AgentUpdates } from './agent-updates';
import classes from './agent.module.css';

// Charts are a third of everything else: loaded when somebody looks at them.
const AgentMetrics = lazy(() => import('./agent-metrics').then((module) => ({ default: module.AgentMetrics })));

const route = getRouteApi('/app/agents/$agentId');

export function AgentScreen() {
  const { agentId } = route.useParams();
  const { data, error, refetch } = useQuery(agentQuery(agentId));
  if (data) return <Agent agent={data} />;
  return (
    <>
      <ScreenHead title="Agent" />
      {error ? <Failure error={error} retry={() => void refetch()} /> : <ScreenSkeleton />}
    </>
  );
}

function Agent({ agent }: { agent: AgentDetail }) {
  const { tab = 'overview' } = route.useSearch();
  const navigate = route.useNavigate();
  const show = (next: string | null) =>
    void navigate({ search: next === 'overview' ? {} : { tab: next as NonNullable<AgentSearch['tab']> }, replace: true });
  return (
    <>
      <ScreenHead
        title={agent.hostname}
        tags={
          <>
            <WordTag word={connections[agent.connection]} />
            <AgentTags agent={agent} />
          </>
        }
        actions={
          <>
            {agent.identity.state === 'active' && <Revoke agent={agent} word="Revoke" />}
            <MoveAgent agent={agent} />
            <OrderCommand agent={agent} />
            <ScanNow agent={agent} />
          </>
        }
        below={
          <>
            {`${agent.client.name} / ${agent.site.name} · ${agent.os_name} ${agent.os_version} · last seen `}
            <Ago at={agent.last_seen_at} />
          </>
        }
      />
      <AgentIdentity agent={agent} />
      <Tabs className={classes.tabs} value={tab} onChange={show} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="updates">
            Updates <span className="dim number">{count(agent.updates.available)}</span>
          </Tabs.Tab>
          <Tabs.Tab value="records">Inventory</Tabs.Tab>
          <Tabs.Tab value="settings">Settings</Tabs.Tab>
          <Tabs.Tab value="metrics">Metrics</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="log">Live log</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <AgentOverview agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="updates">
          <AgentUpdates agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="records">
          <AgentRecords agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <AgentSettingsPanel agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="metrics">
          <Suspense fallback={<TableSkeleton />}>
            <AgentMetrics agent={agent} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <AgentHistory agentId={agent.id} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <AgentLog agentId={agent.id} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function MoveAgent({ agent }: { agent: AgentDetail }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <GuardedButton needs={rights.moveAgent} at={siteOf(agent)} variant="default" onClick={() => setAsking(true)}>
        Move…
      </GuardedButton>
      {asking && <MoveDialog agents={[agent]} onMoved={() => undefined} onClose={() => setAsking(false)} />}
    </>
  );
}

function OrderCommand({ agent }: { agent: AgentDetail }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <GuardedButton needs={rights.createCommands} at={siteOf(agent)} variant="default" leftSection={<IconTerminal2 size={16} />} onClick={() => setAsking(true)}>
        Order a command…
      </GuardedButton>
      {asking && <OrderDialog agent={agent} onClose={() => setAsking(false)} />}
    </>
  );
}

function ScanNow({ agent }: { agent: AgentDetail }) {
  const needs = useRoleFor(rights.createCommands, 'scan');
  const queries = useQueryClient();
  const scan = useMutation({
    mutationFn: () => scanNow(agent.id, newIntention()),
    onSuccess: () =>
      sayDone(
        agent.connection === 'connected'
          ? `${agent.hostname} scans now.`
          : `${agent.hostname} scans as soon as it is connected again.`,
      ),
    onError: (error) => sayFailed('No scan was ordered', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['commands'] }),
  });
  return (
    <GuardedButton
      needs={needs}
      at={siteOf(agent)}
      leftSection={<IconRefresh size={16} />}
      loading={scan.isPending}
      onClick={() => scan.mutate()}
    >
      Scan now
    </GuardedButton>
  );
}
