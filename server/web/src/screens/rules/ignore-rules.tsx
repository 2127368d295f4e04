import { SegmentedControl } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { liftRule } from '../../api/actions';
import { placeOf } from '../../api/permissions';
import { ignoreRulesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { IgnoreRule } from '../../api/types';
import { some } from '../../format/number';
import { localTime, utc } from '../../format/time';
import { TableSkeleton } from '../../parts/data-table';
import { Wrong } from '../../parts/door';
import { GuardedButton } from '../../parts/guarded-button';
import { More, useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import { whereOf } from '../../parts/place-choice';
import { sayDone } from '../../parts/said';
import { Failure, None } from '../../parts/states';
import classes from './rules.module.css';

const route = getRouteApi('/app/updates/rules');

export function IgnoreRules() {
  const { ended } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(ignoreRulesQuery(ended ? 'ended' : 'active'));
  const list = useLoaded(query);
  return (
    <Panel
      title="Ignored"
      note="Shown and counted by themselves; no approval takes them"
      action={
        <SegmentedControl
          size="xs"
          aria-label="Which rules"
          value={ended ? 'ended' : 'active'}
          data={[
            { value: 'active', label: 'In force' },
            { value: 'ended', label: 'Ended' },
          ]}
          onChange={(value) => void navigate({ search: { ended: value === 'ended' ? '1' : undefined }, replace: true })}
        />
      }
    >
      {query.data ? (
        list.rows.length === 0 ? (
          <None>
            {ended ? 'No rule has ended lately.' : 'Nothing is ignored. Select updates and choose “Ignore…” to make a rule.'}
          </None>
        ) : (
          <ul className={classes.rows} aria-label="Rules that ignore updates">
            {list.rows.map((rule) => (
              <Rule key={rule.id} rule={rule} />
            ))}
          </ul>
        )
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
      <More of={list} />
    </Panel>
  );
}

function endOf(rule: IgnoreRule): string {
  if (rule.state === 'lifted') return `lifted by ${rule.ended_by ?? ''} on ${localTime(rule.ended_at ?? '')}`;
  if (rule.state === 'expired') return `ended by its date, ${localTime(rule.ended_at ?? '')}`;
  return rule.until === null ? 'for good' : `until ${localTime(rule.until)}`;
}

function Rule({ rule }: { rule: IgnoreRule }) {
  const queries = useQueryClient();
  const lift = useMutation({
    mutationFn: () => liftRule(rule.id),
    onSuccess: () => sayDone('Lifted: what no other rule covers is open again.'),
    onSettled: () => {
      for (const key of ['ignore-rules', 'updates', 'update-groups', 'agents', 'overview']) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
    },
  });
  const name = rule.pattern ?? rule.key ?? '';
  return (
    <li>
      <div className={classes.what}>
        <span className={classes.head}>
          <b className="mono">{[name, rule.version].filter(Boolean).join(' ')}</b>
          <span className="dim">{[rule.manager, whereOf(rule)].filter(Boolean).join(' · ')}</span>
        </span>
        <span>{rule.reason}</span>
        <span className="dim" title={rule.until === null ? undefined : utc(rule.until)}>
          {`${rule.created_by}, ${localTime(rule.created_at)} · ${endOf(rule)}`}
        </span>
        <Wrong error={lift.error} />
      </div>
      {rule.state === 'active' && (
        <div className={classes.head}>
          <Link to="/updates/rows" search={{ state: ['ignored'], search: rule.pattern?.includes('*') ? undefined : name.split(':')[0] }}>
            <span className="number">{some(rule.updates, 'update')}</span>
          </Link>
          <GuardedButton
            needs={rights.liftIgnoreRule}
            at={placeOf(rule)}
            size="compact-xs"
            variant="default"
            loading={lift.isPending}
            aria-label={`Lift: ${name}`}
            onClick={() => lift.mutate()}
          >
            Lift
          </GuardedButton>
        </div>
      )}
    </li>
  );
}
