import { Button, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { errorsQuery, type ErrorFilter } from '../../api/queries';
import type { ErrorGroup } from '../../api/types';
import type { ErrorsSearch } from '../../app/router';
import { count, some } from '../../format/number';
import type { Tone } from '../../format/words';
import { Ago } from '../../parts/ago';
import { Choice, FilterBar, RowCount } from '../../parts/filters';
import { IconChevronRight, IconCircleCheck } from '../../parts/icons';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import { ScreenHead } from '../../parts/screen-head';
import { SearchField } from '../../parts/search-field';
import { NothingFound, State } from '../../parts/states';
import { Dot } from '../../parts/tag';
import { ErrorRows } from './error-rows';
import classes from './errors.module.css';

const route = getRouteApi('/app/errors');

const tones: Record<ErrorGroup['severity'], Tone> = { warning: 'warning', error: 'critical' };

const sources = [
  { value: 'agent', label: 'Machines' },
  { value: 'server', label: 'The server' },
  { value: 'browser', label: 'Browsers' },
] as const;
const severities = [
  { value: 'error', label: 'Errors' },
  { value: 'warning', label: 'Warnings' },
] as const;
const periods = [
  { value: 'day', label: 'Last 24 hours' },
  { value: 'week', label: 'Last 7 days' },
  { value: 'month', label: 'Last 30 days' },
] as const;
const sorts = [{ value: 'worst', label: 'Worst first' }] as const;
const period_days = { day: 1, week: 7, month: 30 };

// To the hour, so that the list is not asked for anew at each look.
function filterOf({ period, ...others }: ErrorsSearch): ErrorFilter {
  if (!period) return others;
  const hour_ms = 3_600_000;
  const from = Math.floor(Date.now() / hour_ms) * hour_ms - period_days[period] * 24 * hour_ms;
  return { ...others, from: new Date(from).toISOString() };
}

export function ErrorsScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<ErrorsSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const query = useInfiniteQuery(errorsQuery(filterOf(search)));
  const list = useLoaded(query);
  const filtered = Object.entries(search).some(([key, value]) => key !== 'sort' && value !== undefined);
  const narrowed = (['code', 'subsystem', 'agent_id'] as const).filter((key) => search[key] !== undefined);
  return (
    <>
      <ScreenHead title="Errors" />
      <FilterBar>
        <SearchField label="Text" value={search.search ?? ''} onChange={(text) => change({ search: text || undefined })} />
        <Choice label="Where" any="Everywhere" value={search.source} options={sources} onChange={(source) => change({ source })} />
        <Choice
          label="Severity"
          any="Every severity"
          value={search.severity}
          options={severities}
          onChange={(severity) => change({ severity })}
        />
        <Choice label="Time" any="Any time" value={search.period} options={periods} onChange={(period) => change({ period })} />
        <Choice
          label="Order"
          any="Newest first"
          value={search.sort === 'worst' ? 'worst' : undefined}
          options={sorts}
          onChange={(sort) => change({ sort })}
        />
        <RowCount total={list.counted} one="kind" />
      </FilterBar>
      {narrowed.map((key) => (
        <Button key={key} size="compact-xs" variant="default" mb="sm" mr="xs" onClick={() => change({ [key]: undefined })}>
          {`Only ${key === 'agent_id' ? 'one machine' : search[key]} ✕`}
        </Button>
      ))}
      <ListStates
        query={query}
        empty={
          filtered ? (
            <NothingFound clear={() => void navigate({ search: {}, replace: true })} />
          ) : (
            <State title="Nothing has gone wrong" icon={<IconCircleCheck size={36} stroke={1.4} />}>
              <p>Errors of machines, of the server and of browsers come here by themselves.</p>
            </State>
          )
        }
      >
        <Panel title="Errors" note="Counted by kind; nothing is left out of their text">
          <ol className={classes.list}>
            {list.rows.map((group) => (
              <Entry key={group.id} group={group} agentId={search.agent_id} />
            ))}
          </ol>
          <More of={list} />
        </Panel>
      </ListStates>
    </>
  );
}

function placeOf({ source, agents }: ErrorGroup): string {
  if (source === 'server') return 'the server';
  return source === 'browser' ? 'browsers' : some(agents, 'machine');
}

function Entry({ group, agentId }: { group: ErrorGroup; agentId: string | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <UnstyledButton className={classes.entry} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Dot word={{ text: group.severity, tone: tones[group.severity] }} />
        <span className={classes.what}>
          <span className={classes.text}>{group.text}</span>
          <span className="break">
            {group.subsystem}
            {group.code && <span className="mono">{` · ${group.code}`}</span>}
          </span>
        </span>
        <span className={`${classes.many} number`}>{`${count(group.times)} × on ${placeOf(group)}`}</span>
        <span className={classes.when}>
          <Ago at={group.last_at} />
        </span>
        <IconChevronRight size={16} className={classes.mark} aria-hidden />
      </UnstyledButton>
      {open && <ErrorRows group={group} agentId={agentId} />}
    </li>
  );
}
