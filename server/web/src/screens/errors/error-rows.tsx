import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { errorQuery } from '../../api/queries';
import type { ErrorGroup, ErrorRow } from '../../api/types';
import { count, some } from '../../format/number';
import { localTime, utc } from '../../format/time';
import { TableSkeleton } from '../../parts/data-table';
import { Facts } from '../../parts/panel';
import { Failure } from '../../parts/states';
import classes from './errors.module.css';

// Where one kind of error came from: the last of each machine, or of the one that the list is narrowed to, or of the server, or of
// browsers.
export function ErrorRows({ group, agentId }: { group: ErrorGroup; agentId: string | undefined }) {
  const { data, error, refetch } = useQuery(errorQuery(group.id, agentId));
  return (
    <div className={classes.detail}>
      <Facts
        facts={[
          ['Kind', <span className="mono">{group.kind}</span>],
          ['First', `${localTime(group.first_at)} (${utc(group.first_at)})`],
          ['Last', `${localTime(group.last_at)} (${utc(group.last_at)})`],
          [
            'Alike',
            <Link to="/errors" search={{ subsystem: group.subsystem, code: group.code ?? undefined, agent_id: agentId }}>
              all of {group.code ?? group.subsystem}
              {agentId && ' on this machine'}
            </Link>,
          ],
        ]}
      />
      {data ? (
        <ol className={classes.rows} aria-label="Where it happened">
          {data.rows.map((row, index) => (
            <Row key={row.agent_id ?? index} row={row} />
          ))}
          {data.agents > data.rows.length && <li className="dim">{`and ${some(data.agents - data.rows.length, 'more machine')}, longer ago`}</li>}
        </ol>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={2} />
      )}
    </div>
  );
}

function Row({ row }: { row: ErrorRow }) {
  return (
    <li>
      <div className={classes.head}>
        {row.agent_id && (
          <Link to="/agents/$agentId" params={{ agentId: row.agent_id }} search={{ tab: 'history' }} className="break">
            {row.hostname ?? row.agent_id}
          </Link>
        )}
        {row.actor && <span className="break">{row.actor}</span>}
        <span className="dim number">{`${count(row.times)} ×, last ${localTime(row.last_at)}`}</span>
        {row.command_id && (
          <Link to="/operations/$commandId" params={{ commandId: row.command_id }}>
            To its command
          </Link>
        )}
      </div>
      <div className="break">{row.text}</div>
      {row.detail && (
        <pre className={classes.stack} role="group" tabIndex={0} aria-label="Details">
          {row.detail}
        </pre>
      )}
    </li>
  );
}
