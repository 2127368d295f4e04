import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';

import type { AgentDetail, AgentPlugin } from '../../api/types';
import { useNow } from '../../format/clock';
import { bytes } from '../../format/number';
import { supportOf } from '../../format/support';
import { duration, localTime, timeIn } from '../../format/time';
import { scanTone, sentence, spoken, type Tone } from '../../format/words';
import { Ago } from '../../parts/ago';
import { IconBolt } from '../../parts/icons';
import { Facts, Panel } from '../../parts/panel';
import { Dot, Tag } from '../../parts/tag';
import { AgentFailedUnits } from './agent-failed-units';
import { AgentRebind } from './agent-rebind';
import { AgentServices } from './agent-services';
import classes from './agent.module.css';

export function AgentOverview({ agent }: { agent: AgentDetail }) {
  return (
    <div className={classes.columns}>
      <div>
        <AgentServices agent={agent} />
        <AgentFailedUnits agent={agent} />
        <Panel title="Plugins" note="What runs on this machine, and how its last scan went">
          {agent.plugins.length === 0 ? (
            <p className={classes.note} style={{ padding: '0 0.9rem 0.75rem' }}>
              The agent has not said yet which plugins it has.
            </p>
          ) : (
            <ul className={classes.plugins}>
              {agent.plugins.map((plugin) => (
                <Plugin key={plugin.id} plugin={plugin} />
              ))}
            </ul>
          )}
        </Panel>
      </div>
      <div>
        <Panel title="This machine">
          <Facts
            facts={[
              ['Client', `${agent.client.name} / ${agent.site.name}`],
              ['Groups', <Groups key="groups" agent={agent} />],
              ['System', <System key="system" agent={agent} />],
              ['Kernel', agent.kernel || 'not said yet'],
              ['Agent', agent.agent_version],
              ['Enrolled', <Ago key="enrolled" at={agent.enrolled_at} />],
              ['Mode', agent.mode === 'report' ? 'report: nothing on it can be changed from here' : 'act, inside its own policy'],
              ['May be changed', windowText(agent)],
              ['Isolation', agent.isolation === 'weak' ? 'weak: some of the walls around plugins are missing' : 'full'],
              ['Configuration', agent.config.state === 'ok' ? 'valid' : agent.config.text],
              ['Id', <span key="id" className="mono">{agent.id}</span>],
            ]}
          />
        </Panel>
        {agent.facts.length > 0 && (
          <Panel title="Facts" note="As its scans reported them">
            <Facts facts={agent.facts.map(({ name, value }) => [name, value === null ? 'too long to be shown here' : factText(name, value)])} />
          </Panel>
        )}
        <AgentRebind agent={agent} />
      </div>
    </div>
  );
}

function Groups({ agent: { groups } }: { agent: AgentDetail }) {
  if (groups.length === 0) return 'none';
  return groups.map((group, index) => (
    <Fragment key={group.id}>
      {index > 0 && ', '}
      <Link to="/profiles" search={{ group_id: group.id }} className="break">
        {group.name}
      </Link>
    </Fragment>
  ));
}

// What runs out of support soon, or has, wants to be planned for.
function System({ agent }: { agent: AgentDetail }) {
  const support = supportOf(agent.facts, useNow());
  const name = `${agent.os_name} ${agent.os_version}`;
  if (support === null) return name;
  if (support.tone === 'quiet') return `${name}, ${support.text}`;
  return (
    <>
      {name} <Tag tone={support.tone}>{sentence(support.text)}</Tag>
    </>
  );
}

// By the clocks of its site, as its windows go by them.
function windowText({ window }: AgentDetail): string {
  if (window === null) return 'at any time: there is no maintenance window';
  const { open, place, name, opens_at: opens, closes_at: closes, time_zone: zone } = window;
  if (name === null || opens === null || closes === null) return `never: no maintenance window of ${place} opens again`;
  const during = `in the window “${name}” of ${place}`;
  return open ? `now, ${during}, until ${timeIn(zone, closes)} (${zone})` : `${during}: ${timeIn(zone, opens)} to ${timeIn(zone, closes)} (${zone})`;
}

// A fact's name says its unit: `memory.total_bytes`, `lists.age_s`, and `boot.at_s` for a point in time.
export function factText(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => factText(name, each)).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (name.endsWith('.required')) return value ? 'yes' : 'no';
    if (name.endsWith('_bytes')) return bytes(value);
    if (/(^|[._])at_s$/.test(name)) return localTime(new Date(value * 1000).toISOString());
    if (name.endsWith('_s')) return duration(value * 1000);
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value ?? null);
}

const standings: Record<AgentPlugin['breaker']['state'], { text: string; tone: Tone }> = {
  closed: { text: 'Working', tone: 'good' },
  open: { text: 'Breaker open', tone: 'critical' },
  half_open: { text: 'Being tried again', tone: 'warning' },
};

function Standing({ plugin }: { plugin: AgentPlugin }) {
  if (plugin.state === 'refused') return <Tag tone="critical">Refused</Tag>;
  if (plugin.state === 'not_applicable') return <Tag tone="quiet">Not applicable here</Tag>;
  const { text, tone } = standings[plugin.breaker.state];
  return (
    <Tag tone={tone} icon={plugin.breaker.state === 'open' ? <IconBolt size={13} /> : undefined}>
      {text}
    </Tag>
  );
}

function Plugin({ plugin }: { plugin: AgentPlugin }) {
  const { breaker, last_scan: scan } = plugin;
  return (
    <li className={classes.plugin}>
      <div className={classes.line}>
        <h3>{plugin.name || plugin.id}</h3>
        <span className="dim mono">{`${plugin.id} ${plugin.version}`}</span>
        <Standing plugin={plugin} />
        {scan && (
          <span className={classes.push}>
            scanned <Ago at={scan.at} />
            {` in ${duration(scan.duration_ms)}`}
          </span>
        )}
      </div>
      {plugin.text && <p className={classes.note}>{plugin.text}</p>}
      {breaker.state !== 'closed' && (
        <div className={classes.note} data-tone={standings[breaker.state].tone}>
          {breaker.text && <p className={classes.said}>{sentence(breaker.text)}</p>}
          <span className="mono">{[breaker.class, breaker.code].filter(Boolean).join(' · ')}</span>
          {breaker.since && (
            <>
              {' · since '}
              <Ago at={breaker.since} />
            </>
          )}
          {breaker.state === 'open' && breaker.open_until && (
            <>
              {' · tried again '}
              <Ago at={breaker.open_until} />
            </>
          )}
        </div>
      )}
      {scan ? (
        <LastScan scan={scan} />
      ) : (
        plugin.state === 'ok' && (
          <p className={classes.note}>
            {plugin.interfaces.includes('rf.scanner/1') ? 'No scan yet.' : 'Scans nothing: it acts when it is ordered to.'}
          </p>
        )
      )}
    </li>
  );
}

function LastScan({ scan }: { scan: NonNullable<AgentPlugin['last_scan']> }) {
  const named = scan.scopes.filter((scope) => scope.key !== ''); // a scan with one scope need not name it
  return (
    <>
      {(!scan.complete || scan.status !== 'ok') && (
        <p className={classes.note}>
          {`${spoken(scan.status)}${scan.complete ? '' : ': incomplete, so what it did not see is still listed as it was'}.`}
        </p>
      )}
      {scan.cut && <p className={classes.note}>What it says of its scopes, and its reports, are too long to be shown here.</p>}
      {named.length > 0 && (
        <ul className={classes.scopes} aria-label="Scopes">
          {named.map((scope) => (
            <li key={scope.key}>
              <Dot word={{ text: spoken(scope.status), tone: scanTone(scope.status) }} />
              {scope.key}
            </li>
          ))}
        </ul>
      )}
      {scan.reports.length > 0 && (
        <ul className={classes.reports} aria-label="Reports">
          {scan.reports.map((report, index) => (
            <li key={`${report.code} ${index}`} data-tone={report.status === 'ok' ? 'quiet' : scanTone(report.status)}>
              <span className="mono">{report.code}</span>
              <span>{report.text}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
