import { useInfiniteQuery } from '@tanstack/react-query';

import { recordsQuery } from '../../api/queries';
import type { AgentDetail } from '../../api/types';
import { some } from '../../format/number';
import { Panel } from '../../parts/panel';
import classes from './agent.module.css';

// What the machine's service manager counts as failed. Nothing is shown where there is nothing.
export function AgentFailedUnits({ agent }: { agent: AgentDetail }) {
  const { data } = useInfiniteQuery(recordsQuery(agent.id, 'service/1', undefined));
  const units = (data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter(({ fields }) => fields['state'] === 'failed')
    .map(({ fields }) => ({ name: String(fields['name']), reason: String(fields['reason'] ?? '') }));
  if (units.length === 0) return null;
  // Of very many a machine names the first ones alone, and counts the others.
  const counted = agent.facts.find(({ name }) => name === 'units.failed')?.value;
  const total = typeof counted === 'number' ? Math.max(counted, units.length) : units.length;
  const listed = total > units.length ? `; ${units.length} are listed` : '';
  return (
    <Panel title="Failed units" note={`${some(total, 'unit')} of this machine ${total === 1 ? 'has' : 'have'} failed${listed}`}>
      <ul className={classes.plugins}>
        {units.map((unit) => (
          <li key={unit.name} className={classes.plugin}>
            <div className={classes.line}>
              <h3 className="break">{unit.name}</h3>
            </div>
            <p className={classes.note}>{unit.reason}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
