import { Button, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { useMay, type Place } from '../../api/permissions';
import { auditHeadQuery, auditQuery, clientsQuery, type AuditFilter } from '../../api/queries';
import { rights } from '../../api/rights';
import type { AuditRecord } from '../../api/types';
import type { AuditSearch } from '../../app/router';
import { count } from '../../format/number';
import { localTime, utc } from '../../format/time';
import type { Tone } from '../../format/words';
import { Ago } from '../../parts/ago';
import { Choice, FilterBar, RowCount } from '../../parts/filters';
import { GuardedButton } from '../../parts/guarded-button';
import { IconChevronRight, IconHistory } from '../../parts/icons';
import { ListStates, More, useLoaded } from '../../parts/list';
import { Facts, Panel } from '../../parts/panel';
import { ScreenHead } from '../../parts/screen-head';
import { SearchField } from '../../parts/search-field';
import { NoPermission, NothingFound, State } from '../../parts/states';
import { Dot } from '../../parts/tag';
import classes from './audit.module.css';

const route = getRouteApi('/app/audit');

const tones: Record<AuditRecord['severity'], Tone> = { info: 'quiet', warning: 'warning', error: 'critical' };

const kinds = [
  { value: 'people', label: 'People' },
  { value: 'security', label: 'Security' },
  { value: 'enrolment', label: 'Enrolment' },
  { value: 'command', label: 'Commands' },
  { value: 'update', label: 'Updates' },
  { value: 'trust', label: 'Trust' },
  { value: 'audit', label: 'The log itself' },
] as const;
const severities = [
  { value: 'warning', label: 'Warnings' },
  { value: 'error', label: 'Errors' },
  { value: 'info', label: 'Everyday' },
] as const;
const periods = [
  { value: 'day', label: 'Last 24 hours' },
  { value: 'week', label: 'Last 7 days' },
  { value: 'month', label: 'Last 30 days' },
] as const;
const period_days = { day: 1, week: 7, month: 30 };

export function AuditScreen() {
  return useMay(rights.listAudit) ? <Log /> : <Refused />;
}

function Refused() {
  return (
    <>
      <ScreenHead title="Audit" />
      <NoPermission />
    </>
  );
}

// To the hour, so that the list is not asked for anew at each look.
function filterOf({ period, ...others }: AuditSearch): AuditFilter {
  if (!period) return others;
  const hour_ms = 3_600_000;
  const from = Math.floor(Date.now() / hour_ms) * hour_ms - period_days[period] * 24 * hour_ms;
  return { ...others, from: new Date(from).toISOString() };
}

function exportAddress({ client_id, from }: AuditFilter): string {
  const query = new URLSearchParams();
  if (client_id) query.set('client_id', client_id);
  if (from) query.set('from', from);
  const text = query.toString();
  return `/api/v1/audit/export${text === '' ? '' : `?${text}`}`;
}

function Log() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<AuditSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const filter = filterOf(search);
  const query = useInfiniteQuery(auditQuery(filter));
  const clients = useQuery(clientsQuery).data ?? [];
  const list = useLoaded(query);
  const filtered = Object.values(search).some((value) => value !== undefined);
  return (
    <>
      <ScreenHead title="Audit" actions={<Export filter={filter} />} />
      <Standing />
      <FilterBar>
        <SearchField label="Who" value={search.actor ?? ''} onChange={(actor) => change({ actor: actor || undefined })} />
        <Choice label="Kind" any="Every kind" value={search.kind} options={kinds} onChange={(kind) => change({ kind })} />
        <Choice
          label="Severity"
          any="Every severity"
          value={search.severity}
          options={severities}
          onChange={(severity) => change({ severity })}
        />
        <Choice
          label="Time"
          any="Any time"
          value={search.period}
          options={periods}
          onChange={(period) => change({ period })}
        />
        {clients.length > 1 && (
          <Choice
            label="Client"
            any="Every client"
            value={search.client_id}
            options={clients.map((client) => ({ value: client.id, label: client.name }))}
            onChange={(client_id) => change({ client_id })}
          />
        )}
        <RowCount total={list.counted} one="record" />
      </FilterBar>
      <ListStates
        query={query}
        empty={
          filtered ? (
            <NothingFound clear={() => void navigate({ search: {}, replace: true })} />
          ) : (
            <State title="Nothing is recorded yet" icon={<IconHistory size={36} stroke={1.4} />} />
          )
        }
      >
        <Panel title="Log" note="Newest first; nothing in it can be changed unnoticed">
          <ol className={classes.log}>
            {list.rows.map((record) => (
              <Entry key={record.seq} record={record} />
            ))}
          </ol>
          <More of={list} label="Older" />
        </Panel>
      </ListStates>
    </>
  );
}

// Of a whole client, or of everything where none is chosen: of no less, since it is of a piece.
function Export({ filter }: { filter: AuditFilter }) {
  const at: Place = filter.client_id ? { client_id: filter.client_id, site_id: '' } : 'everywhere';
  if (!useMay(rights.exportAudit, at)) {
    return (
      <GuardedButton needs={rights.exportAudit} at={at} variant="default" size="xs" onClick={() => undefined}>
        Export
      </GuardedButton>
    );
  }
  return (
    <Button component="a" href={exportAddress(filter)} download variant="default" size="xs">
      Export
    </Button>
  );
}

function Standing() {
  const { data } = useQuery(auditHeadQuery);
  if (!data) return null;
  const { at, whole, text } = data.verification;
  return (
    <p className={classes.standing} data-tone={whole ? 'good' : 'critical'} role={whole ? undefined : 'alert'}>
      <Dot word={{ text: whole ? 'Whole' : 'Not whole', tone: whole ? 'good' : 'critical' }} />
      {at === null ? (
        <span>Not verified yet since the server started.</span>
      ) : (
        <span className="break">
          {whole ? 'Verified ' : 'Not whole, seen '}
          <Ago at={at} />
          {`: ${text ?? ''}`}
        </span>
      )}
    </p>
  );
}

function Entry({ record }: { record: AuditRecord }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <UnstyledButton className={classes.entry} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Dot word={{ text: record.severity, tone: tones[record.severity] }} />
        <span className={classes.when}>
          <Ago at={record.at} />
        </span>
        <span className="break">{record.text}</span>
        <span className={`${classes.who} break`}>{record.actor}</span>
        <IconChevronRight size={16} className={classes.mark} aria-hidden />
      </UnstyledButton>
      {open && <Detail record={record} />}
    </li>
  );
}

function Detail({ record }: { record: AuditRecord }) {
  const agent = record.agent_id && (
    <Link to="/agents/$agentId" params={{ agentId: record.agent_id }}>
      {record.agent_id}
    </Link>
  );
  const command = record.command_id && (
    <Link to="/operations/$commandId" params={{ commandId: record.command_id }}>
      {record.command_id}
    </Link>
  );
  const facts: [string, React.ReactNode][] = [
    ['Record', <span className="number">{record.seq}</span>],
    ['At', `${localTime(record.at)} (${utc(record.at)})`],
    ['Times', record.times > 1 && <span className="number">{count(record.times)}</span>],
    ['Kind', <span className="mono">{record.kind}</span>],
    ['Code', record.code && <span className="mono">{record.code}</span>],
    ['From', record.peer && <span className="mono">{record.peer}</span>],
    ['Request', record.request_id && <span className="mono">{record.request_id}</span>],
    ['Agent', agent],
    ['Command', command],
    ['Hash', <span className="mono">{record.hash}</span>],
    ['Hash before', <span className="mono">{record.previous}</span>],
  ];
  return <Facts facts={facts.filter(([, value]) => value)} />;
}
