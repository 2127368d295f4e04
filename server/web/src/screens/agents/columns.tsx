import { Link } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';

import type { Agent } from '../../api/types';
import { connections, scanTone } from '../../format/words';
import { TroubleTags } from '../../parts/agent-tags';
import { Ago } from '../../parts/ago';
import { Dot } from '../../parts/tag';
import { UpdateCounts } from '../../parts/update-counts';
import classes from './agents-screen.module.css';

export const agent_columns: ColumnDef<Agent>[] = [
  {
    id: 'machine',
    header: 'Machine',
    meta: { track: 'minmax(11rem, 2.2fr)', card: 'title', sort: 'hostname' },
    cell: ({ row: { original: agent } }) => (
      <div className={classes.machine}>
        <Dot word={connections[agent.connection]} />
        <div className={classes.name}>
          <Link to="/agents/$agentId" params={{ agentId: agent.id }} className="clip" title={agent.hostname} data-row-focus>
            {agent.hostname}
          </Link>
          <span className="clip">{`${agent.client.name} / ${agent.site.name}`}</span>
        </div>
      </div>
    ),
  },
  {
    id: 'updates',
    header: 'Updates',
    meta: { track: 'minmax(12.5rem, 1.3fr)', sort: 'updates' },
    cell: ({ row }) => <UpdateCounts agent={row.original} />,
  },
  {
    id: 'trouble',
    header: 'Trouble',
    meta: { track: 'minmax(8rem, 1.1fr)', card: 'line' },
    cell: ({ row }) => (
      <div className={classes.tags}>
        <TroubleTags agent={row.original} />
      </div>
    ),
  },
  {
    id: 'seen',
    header: 'Last seen',
    meta: { track: '6.5rem', sort: 'last_seen' },
    cell: ({ row: { original: agent } }) =>
      agent.connection === 'connected' ? <span className="dim">connected</span> : <Ago at={agent.last_seen_at} />,
  },
  {
    id: 'scan',
    header: 'Last scan',
    meta: { track: 'minmax(7.5rem, 0.9fr)', from: 900, card: 'none' },
    cell: ({ row: { original: agent } }) =>
      agent.last_scan ? (
        <span style={{ display: 'inline-flex', alignItems: 'center', gap: '0.45rem' }}>
          <Dot
            word={{
              text: `${agent.last_scan.plugin}: ${agent.last_scan.status}${agent.last_scan.complete ? '' : ', incomplete'}`,
              tone: agent.last_scan.complete ? scanTone(agent.last_scan.status) : 'warning',
            }}
          />
          <Ago at={agent.last_scan.at} />
        </span>
      ) : (
        <span className="dim">none yet</span>
      ),
  },
  {
    id: 'system',
    header: 'System',
    meta: { track: 'minmax(7rem, 1fr)', from: 1020, card: 'none' },
    cell: ({ row: { original: agent } }) => (
      <div className="clip" title={`${agent.os_name} ${agent.os_version}`}>{`${agent.os_name} ${agent.os_version}`}</div>
    ),
  },
  {
    id: 'mode',
    header: 'Mode',
    meta: { track: '4rem', from: 760, card: 'none' },
    cell: ({ row }) => <span className="dim">{row.original.mode}</span>,
  },
  {
    id: 'version',
    header: 'Agent',
    meta: { track: '5rem', from: 1180, card: 'none' },
    cell: ({ row }) => <div className="clip number dim">{row.original.agent_version}</div>,
  },
];
