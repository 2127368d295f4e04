import '@mantine/charts/styles.css';

import { AreaChart } from '@mantine/charts';
import { SegmentedControl } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { metricsQuery } from '../../api/queries';
import type { AgentDetail, MetricSeries } from '../../api/types';
import type { MetricPeriod } from '../../app/router';
import { bytes, some } from '../../format/number';
import { daysLeft, drawn, forecast, forecastOf } from '../../format/series';
import { duration, localTime } from '../../format/time';
import { spoken } from '../../format/words';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { FilterBar } from '../../parts/filters';
import { IconChartLine } from '../../parts/icons';
import { Panel } from '../../parts/panel';
import { Failure, State } from '../../parts/states';
import classes from './agent-metrics.module.css';

const route = getRouteApi('/app/agents/$agentId');

const periods = [
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'year', label: 'Year' },
];

export function AgentMetrics({ agent }: { agent: AgentDetail }) {
  const { period = 'day' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery({ ...metricsQuery(agent.id, period), placeholderData: keepPreviousData });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <TableSkeleton />;
  if (data.items.length === 0) {
    return (
      <State title="Nothing was measured yet" icon={<IconChartLine size={36} stroke={1.4} />}>
        <p>What plugins measure, such as free space, memory and load, is drawn here over time.</p>
      </State>
    );
  }
  const days = daysLeft(data.items, data.to);
  const shown = data.items.filter(({ name }) => name !== forecast);
  return (
    <>
      <FilterBar>
        <SegmentedControl
          aria-label="Period"
          data={periods}
          value={period}
          onChange={(next) =>
            void navigate({ search: (before) => ({ ...before, period: next === 'day' ? undefined : (next as MetricPeriod) }), replace: true })
          }
        />
        {data.more && <span className="dim">The first {data.items.length} series are shown.</span>}
      </FilterBar>
      {[...new Set(shown.map(({ name }) => name))].map((name) => (
        <Panel key={name} title={titleOf(name)}>
          <ul className={classes.charts}>
            {shown.filter((series) => series.name === name).map((series) => (
              <Chart
                key={series.label}
                series={series}
                from={Date.parse(data.from)}
                to={Date.parse(data.to)}
                step_s={data.step_s}
                fullIn={name === forecastOf ? days.get(series.label) : undefined}
              />
            ))}
          </ul>
        </Panel>
      ))}
    </>
  );
}

interface ChartProps {
  series: MetricSeries;
  from: number;
  to: number;
  step_s: number;
  fullIn: number | undefined; // days
}

function Chart({ series, from, to, step_s, fullIn }: ChartProps) {
  const name = labelOf(series.label);
  const shown = (value: number) => valueText(series.name, value);
  const rows = drawn(series.points, step_s);
  return (
    <li className={classes.chart} aria-label={`${titleOf(series.name)} ${name}`.trim()}>
      <div className={classes.head}>
        {name && <span className="break">{name}</span>}
        <strong className="number">{shown(series.value)}</strong>
        <span className="dim">
          <Ago at={series.at} />
        </span>
        {fullIn !== undefined && <span className={classes.forecast}>{`full in about ${some(Math.max(1, Math.round(fullIn)), 'day')}`}</span>}
      </div>
      {rows.length === 0 ? (
        <p className="dim">Nothing was measured in this time.</p>
      ) : (
        <AreaChart
          h={110}
          data={rows}
          dataKey="at"
          series={[
            { name: 'high', label: 'highest', color: 'var(--info)' },
            { name: 'low', label: 'lowest', color: 'var(--info)' },
          ]}
          curveType="stepAfter"
          connectNulls={false}
          fillOpacity={0.12}
          strokeWidth={1.5}
          withDots={rows.length === 1}
          gridAxis="x"
          tickLine="none"
          valueFormatter={shown}
          xAxisProps={{ type: 'number', domain: [from, to], tickFormatter: (at: number) => tickText(at, to - from), minTickGap: 40 }}
          yAxisProps={{ width: 74, tickCount: 3 }}
          // Also asked before anything is pointed at.
          tooltipProps={{ labelFormatter: (at?: number) => (at ? localTime(new Date(at).toISOString()) : '') }}
        />
      )}
    </li>
  );
}

const day_ms = 86_400_000;

function tickText(at: number, length_ms: number): string {
  const time = new Date(at);
  return length_ms <= day_ms
    ? time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : time.toLocaleDateString([], { day: 'numeric', month: 'short' });
}

// "mount=/,kind=ext4" reads "/, ext4".
function labelOf(label: string): string {
  return label.split(',').map((part) => part.slice(part.indexOf('=') + 1)).join(', ');
}

// The last word of a name is its unit, and said with each value.
function titleOf(name: string): string {
  return spoken(name.replace(/_(bytes|ratio|percent|seconds)$/, ''));
}

function valueText(name: string, value: number): string {
  if (name.endsWith('_bytes')) return bytes(value);
  if (name.endsWith('_percent')) return `${value.toFixed(1)} %`;
  if (name.endsWith('_seconds')) return duration(value * 1000);
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
