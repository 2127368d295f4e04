import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { overviewQuery } from '../../api/queries';
import type { Need, Overview, WindowWait } from '../../api/types';
import { ownPath } from '../../app/search';
import { ScreenSkeleton } from '../../app/waiting';
import { count, some } from '../../format/number';
import type { Tone } from '../../format/words';
import { At } from '../../parts/ago';
import { Bar } from '../../parts/bar';
import {
  IconAlertTriangle,
  IconChevronRight,
  IconCircleCheck,
  IconExclamationCircle,
  IconInfoCircle,
  IconPlugConnected,
} from '../../parts/icons';
import { Panel } from '../../parts/panel';
import { PathLink } from '../../parts/path-link';
import { ScreenHead } from '../../parts/screen-head';
import { Failure, State } from '../../parts/states';
import { Dot } from '../../parts/tag';
import classes from './overview-screen.module.css';

export function OverviewScreen() {
  const { data, error, refetch } = useQuery(overviewQuery);
  return (
    <>
      <ScreenHead title="Overview" />
      {data ? <Picture overview={data} /> : error ? <Failure error={error} retry={() => void refetch()} /> : <ScreenSkeleton />}
    </>
  );
}

function Picture({ overview }: { overview: Overview }) {
  if (overview.agents.total === 0) return <NoAgents />;
  return (
    <>
      <Panel title="Needs a person" note="Worst first">
        {overview.needs.length > 0 ? <Needs needs={overview.needs} /> : <Calm overview={overview} />}
      </Panel>
      {overview.windows.length > 0 && <Soon waits={overview.windows} />}
      <div className={classes.totals}>
        <Panel title="Agents">
          <AgentFigures agents={overview.agents} />
        </Panel>
        <Panel title="Open updates" note="Known, and not yet verified">
          <UpdateFigures updates={overview.updates} />
          {overview.updates.security > 0 && <SecurityShare shares={overview.updates.security_by_severity} />}
        </Panel>
      </div>
      <Panel title="On the way" note="Approved updates, until a later scan has verified them">
        <ProgressFigures updates={overview.updates} />
      </Panel>
    </>
  );
}

const marks = {
  critical: { tone: 'critical', Icon: IconExclamationCircle },
  warning: { tone: 'warning', Icon: IconAlertTriangle },
  info: { tone: 'info', Icon: IconInfoCircle },
} as const;

function Needs({ needs }: { needs: Need[] }) {
  return (
    <ol className={classes.needs}>
      {needs.map((need) => {
        const { tone, Icon } = marks[need.severity];
        return (
          <li key={need.kind}>
            <PathLink href={ownPath(need.link) ?? '/'} className={classes.need} data-tone={tone}>
              <Icon size={20} stroke={1.8} aria-label={need.severity} />
              <span className={classes.count}>{count(need.count)}</span>
              <span className={classes.text}>{need.text}</span>
              <IconChevronRight size={18} aria-hidden />
            </PathLink>
          </li>
        );
      })}
    </ol>
  );
}

// What begins within a day because its maintenance window opens.
function Soon({ waits }: { waits: WindowWait[] }) {
  return (
    <Panel
      title="Begins soon"
      note="When its maintenance window opens"
      action={<PathLink href="/operations?state=scheduled">What waits</PathLink>}
    >
      <ul className={classes.soon}>
        {waits.map((wait) => (
          <li key={`${wait.site_id} ${wait.opens_at} ${wait.window}`}>
            <b>{`${some(wait.agents, 'machine')} of ${wait.site_name}`}</b>
            {' at '}
            <At at={wait.opens_at} />
            <span className="dim">{`: ${wait.window}`}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Calm({ overview }: { overview: Overview }) {
  return (
    <div className={classes.calm}>
      <IconCircleCheck size={28} stroke={1.6} aria-hidden />
      <div>
        <strong>Nothing needs you now.</strong>
        <p>{`${count(overview.agents.connected)} of ${some(overview.agents.total, 'agent')} connected.`}</p>
      </div>
    </div>
  );
}

interface FigureProps {
  value: number;
  text: string;
  to: string;
  tone?: Tone;
}

function Figure({ value, text, to, tone }: FigureProps) {
  return (
    <PathLink
      href={to}
      className={classes.figure}
      data-zero={value === 0 || undefined}
      data-tone={value > 0 ? tone : undefined}
    >
      <b>{count(value)}</b>
      <span>{text}</span>
    </PathLink>
  );
}

function AgentFigures({ agents }: { agents: Overview['agents'] }) {
  return (
    <>
      <div className={classes.figures}>
        <Figure value={agents.total} text="in all" to="/agents" />
        <Figure value={agents.connected} text="connected" to="/agents?connection=connected" />
        <Figure value={agents.silent} text="silent" to="/agents?connection=silent" tone="warning" />
        <Figure value={agents.never} text="never seen" to="/agents?connection=never" />
      </div>
      <div className={classes.share}>
        <Bar
          shares={[
            { key: 'connected', value: agents.connected, tone: 'good' },
            { key: 'silent', value: agents.silent, tone: 'warning' },
            { key: 'never', value: agents.never, tone: 'quiet' },
          ]}
        />
      </div>
    </>
  );
}

function UpdateFigures({ updates }: { updates: Overview['updates'] }) {
  return (
    <div className={classes.figures}>
      <Figure value={updates.available} text="in all" to="/updates" />
      <Figure value={updates.installable} text="installable now" to="/updates/rows?installable=1" />
      <Figure value={updates.security} text="security" to="/updates?category=security" />
    </div>
  );
}

function ProgressFigures({ updates }: { updates: Overview['updates'] }) {
  return (
    <div className={classes.figures}>
      <Figure value={updates.approved} text="approved" to="/updates?state=approved" />
      <Figure value={updates.planned} text="planned" to="/updates?state=planned" />
      <Figure
        value={updates.awaiting_confirmation}
        text="need confirmation"
        to="/operations?view=confirm"
        tone="warning"
      />
      <Figure value={updates.installing} text="installing" to="/updates?state=installing" tone="info" />
      <Figure value={updates.installed} text="not verified yet" to="/updates?state=installed" />
      <Figure value={updates.verified} text="verified" to="/updates?state=verified" tone="good" />
      <Figure value={updates.failed} text="failed" to="/updates?state=failed" tone="critical" />
    </div>
  );
}

const severities: { key: keyof Overview['updates']['security_by_severity']; text: string; tone: Tone }[] = [
  { key: 'critical', text: 'critical', tone: 'critical' },
  { key: 'high', text: 'high', tone: 'warning' },
  { key: 'medium', text: 'medium', tone: 'notice' },
  { key: 'unrated', text: 'security, unrated', tone: 'unrated' },
  { key: 'low', text: 'low', tone: 'info' },
];

function SecurityShare({ shares }: { shares: Overview['updates']['security_by_severity'] }) {
  const present = severities.filter(({ key }) => shares[key] > 0);
  return (
    <div className={classes.share}>
      <Bar shares={present.map(({ key, tone }) => ({ key, tone, value: shares[key] }))} />
      <ul className={classes.legend} aria-label="Security updates by severity">
        {present.map(({ key, text, tone }) => (
          <li key={key}>
            <Dot word={{ text: '', tone }} />
            <span>
              <b className="number">{count(shares[key])}</b> {text}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function NoAgents() {
  return (
    <State
      title="No machine is enrolled yet"
      icon={<IconPlugConnected size={36} stroke={1.4} />}
      action={
        <Button component={Link} to="/enrolment">
          Enrol the first machine
        </Button>
      }
    >
      <p>It takes one line on the machine. Its updates are here a minute later; nothing on it is changed.</p>
    </State>
  );
}
