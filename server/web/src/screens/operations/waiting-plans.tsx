import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { rowsQuery } from '../../api/queries';
import type { Update } from '../../api/types';
import { some } from '../../format/number';
import { IconCircleCheck } from '../../parts/icons';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import { State } from '../../parts/states';
import classes from './operations.module.css';

interface Waiting {
  commandId: string;
  hostname: string;
  updates: Update[];
}

export function plansOf(updates: Update[]): Waiting[] {
  const plans = new Map<string, Waiting>();
  for (const update of updates) {
    if (update.command_id === null) continue;
    const plan = plans.get(update.command_id) ?? { commandId: update.command_id, hostname: update.hostname, updates: [] };
    plan.updates.push(update);
    plans.set(update.command_id, plan);
  }
  return [...plans.values()];
}

const named = 4;

function namesOf(updates: Update[]): string {
  const names = updates.slice(0, named).map((update) => update.name);
  return updates.length > named ? `${names.join(', ')} and ${updates.length - named} more` : names.join(', ');
}

// Plans that hold more than was approved: one line for each, since each is one decision.
export function WaitingPlans() {
  const query = useInfiniteQuery(rowsQuery({ state: ['awaiting_confirmation'] }));
  const list = useLoaded(query);
  const plans = plansOf(list.rows);
  return (
    <ListStates query={query} empty={<NoneWaiting />}>
      <Panel
        title="Plans that need confirmation"
        note={`${some(list.total, 'update')} in ${some(plans.length, 'plan')}${list.hasMore ? ' so far' : ''}. Each would do more than was approved`}
      >
        <ul className={classes.plans}>
          {plans.map((plan) => (
            <li key={plan.commandId}>
              <div className={classes.name}>
                <Link to="/operations/$commandId" params={{ commandId: plan.commandId }} className="break">
                  {plan.hostname}
                </Link>
                <span className="break">{`${some(plan.updates.length, 'approved update')}: ${namesOf(plan.updates)}`}</span>
              </div>
              <Button
                size="xs"
                variant="default"
                aria-label={`Look at the plan of ${plan.hostname}`}
                renderRoot={(props) => (
                  <Link {...props} to="/operations/$commandId" params={{ commandId: plan.commandId }} />
                )}
              >
                Look at the plan
              </Button>
            </li>
          ))}
        </ul>
      </Panel>
      <More of={list} />
    </ListStates>
  );
}

function NoneWaiting() {
  return (
    <State title="No plan waits for confirmation" icon={<IconCircleCheck size={36} stroke={1.4} />}>
      <p>Plans that hold only what was approved go on by themselves.</p>
    </State>
  );
}
