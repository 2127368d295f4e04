import { Group } from '@mantine/core';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { approveHeldOrder, declineHeldOrder } from '../../api/actions';
import { useRoleFor } from '../../api/permissions';
import { heldOrdersQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { HeldOrder } from '../../api/types';
import { some } from '../../format/number';
import { risks } from '../../format/words';
import { Ago } from '../../parts/ago';
import { DecideDialog } from '../../parts/decide-dialog';
import { GuardedButton } from '../../parts/guarded-button';
import { IconCircleCheck } from '../../parts/icons';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import { sayDone } from '../../parts/said';
import { State } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import classes from './operations.module.css';

const own = 'You ordered it: another person must decide';

// Its places are many, and the server knows where one may what.
function obstacleOf({ own: ordered, may_decide }: HeldOrder): string | null {
  if (ordered) return own;
  return may_decide ? null : 'Your role does not suffice at any of its machines';
}

function whereOf(order: HeldOrder): string {
  const machines = some(order.agents, 'machine');
  return order.clients > 1 ? `${machines} of ${some(order.clients, 'client')}` : machines;
}

// What it would do, as far as it is the same everywhere.
function whatOf(order: HeldOrder): string | null {
  if (order.updates.length > 0) return order.updates.join(', ');
  const given = Object.entries(order.parameters ?? {});
  return given.length === 0 ? null : given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
}

// Who waits for whom: one line for each order, since each is one decision.
export function HeldOrders() {
  const query = useInfiniteQuery(heldOrdersQuery);
  const list = useLoaded(query);
  return (
    <ListStates query={query} empty={<NoneHeld />}>
      <Panel title="Orders that need a second person" note={`${some(list.total, 'order')}; nothing is handed to a machine before`}>
        <ul className={classes.plans}>
          {list.rows.map((order) => (
            <Held key={order.id} order={order} />
          ))}
        </ul>
      </Panel>
      <More of={list} />
    </ListStates>
  );
}

function Held({ order }: { order: HeldOrder }) {
  const [deciding, setDeciding] = useState<'approve' | 'decline' | null>(null);
  const queries = useQueryClient();
  const mayApprove = useRoleFor(rights.approveHeldOrder, order.type);
  const mayDecline = useRoleFor(rights.declineHeldOrder, order.type);
  const what = whatOf(order);
  const name = `${order.title} on ${whereOf(order)}`;
  const done = () => {
    sayDone(deciding === 'approve' ? `Approved: ${name}` : `Declined: ${name}`);
    for (const key of ['commands', 'command', 'updates', 'update-groups', 'overview']) void queries.invalidateQueries({ queryKey: [key] });
  };
  return (
    <li>
      <div className={classes.name}>
        <Link to="/operations" search={{ view: 'all', order: order.id }} className="break">
          {name}
        </Link>
        <span className="break">
          {`Ordered by ${order.actor} `}
          <Ago at={order.created_at} />
          {order.own ? '; waits for another person until ' : '; waits until '}
          <Ago at={order.expires_at} />
        </span>
        {what && <span className="break">{what}</span>}
        {order.outside_window && <span className="break">{`Outside of maintenance windows: ${order.outside_window}`}</span>}
      </div>
      <WordTag word={risks[order.risk]} />
      <Group gap="xs">
        <GuardedButton
          needs={mayDecline}
          size="xs"
          variant="default"
          blocked={obstacleOf(order)}
          aria-label={`Decline: ${name}`}
          onClick={() => setDeciding('decline')}
        >
          Decline…
        </GuardedButton>
        <GuardedButton
          needs={mayApprove}
          size="xs"
          blocked={obstacleOf(order)}
          aria-label={`Approve: ${name}`}
          onClick={() => setDeciding('approve')}
        >
          Approve…
        </GuardedButton>
      </Group>
      {deciding && (
        <DecideDialog
          title={deciding === 'approve' ? `Approve what ${order.actor} ordered` : `Decline what ${order.actor} ordered`}
          confirm={deciding === 'approve' ? 'Approve' : 'Decline'}
          danger={deciding === 'approve' && order.risk === 'destructive'}
          keptIn="each machine’s history"
          decide={(reason) => (deciding === 'approve' ? approveHeldOrder : declineHeldOrder)(order.id, reason)}
          onDone={done}
          onClose={() => setDeciding(null)}
        >
          <p style={{ marginTop: 0 }} className="break">
            <b>{name}</b>
            {what && `: ${what}`}
          </p>
          <p>
            {deciding === 'approve'
              ? 'Each machine fetches it at once, checks it against its own policy, and begins.'
              : 'It ends, and no machine hears of it.'}
          </p>
        </DecideDialog>
      )}
    </li>
  );
}

function NoneHeld() {
  return (
    <State title="No order waits for a second person" icon={<IconCircleCheck size={36} stroke={1.4} />}>
      <p>Which orders need one is said under Settings, Security.</p>
    </State>
  );
}
