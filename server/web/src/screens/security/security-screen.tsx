import { useQuery } from '@tanstack/react-query';

import { useMay } from '../../api/permissions';
import { securityQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Security, SecurityRow } from '../../api/types';
import { ownPath } from '../../app/search';
import { ScreenSkeleton } from '../../app/waiting';
import { count } from '../../format/number';
import type { Word } from '../../format/words';
import { Ago } from '../../parts/ago';
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle, IconInfoCircle } from '../../parts/icons';
import { Panel } from '../../parts/panel';
import { PathLink } from '../../parts/path-link';
import { ScreenHead } from '../../parts/screen-head';
import { Failure, NoPermission, State } from '../../parts/states';
import { RateLimits } from './rate-limits';
import { SecondPerson } from './second-person';
import classes from './security.module.css';

const areas: { area: SecurityRow['area']; title: string; note: string }[] = [
  { area: 'trust', title: 'Trust', note: 'What agents believe, and until when' },
  { area: 'tls', title: 'TLS', note: 'How agents and browsers know this server' },
  { area: 'agents', title: 'Agents', note: 'How well machines are guarded' },
  { area: 'people', title: 'People', note: 'Who gets in' },
  { area: 'audit', title: 'Audit log', note: 'Whether it is whole' },
];

const marks: Record<SecurityRow['level'], { word: Word; Icon: typeof IconInfoCircle }> = {
  good: { word: { text: 'good', tone: 'good' }, Icon: IconCircleCheck },
  note: { word: { text: 'note', tone: 'info' }, Icon: IconInfoCircle },
  warning: { word: { text: 'warning', tone: 'warning' }, Icon: IconAlertTriangle },
  critical: { word: { text: 'critical', tone: 'critical' }, Icon: IconExclamationCircle },
};

export function SecurityScreen() {
  const allowed = useMay(rights.getSecurity, 'everywhere');
  return (
    <>
      <ScreenHead title="Security" />
      {allowed ? <Picture /> : <NoPermission />}
    </>
  );
}

function Picture() {
  const { data, error, refetch } = useQuery(securityQuery);
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <ScreenSkeleton />;
  return (
    <>
      {areas.map(({ area, title, note }) => {
        const rows = data.items.filter((row) => row.area === area);
        if (rows.length === 0) return null;
        return (
          <Panel key={area} title={title} note={note}>
            <ul className={classes.rows}>
              {rows.map((row) => (
                <Row key={row.id} row={row} />
              ))}
            </ul>
          </Panel>
        );
      })}
      <Refusals refusals={data.refusals} />
      <SecondPerson />
      <RateLimits />
    </>
  );
}

function Row({ row }: { row: SecurityRow }) {
  const { word, Icon } = marks[row.level];
  const link = row.link === null ? undefined : ownPath(row.link);
  return (
    <li data-tone={word.tone}>
      <Icon size={18} stroke={1.8} aria-label={word.text} />
      <div className={classes.what}>
        <strong>{link ? <PathLink href={link}>{row.title}</PathLink> : row.title}</strong>
        <p className="break">{row.text}</p>
        {row.advice && <p className={`${classes.advice} break`}>{row.advice}</p>}
      </div>
    </li>
  );
}

function Refusals({ refusals }: { refusals: Security['refusals'] }) {
  return (
    <Panel title="Refused" note="Requests that were turned away, by code">
      {refusals.length === 0 ? (
        <State title="Nothing was refused in seven days" />
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Code</th>
              <th scope="col">24 hours</th>
              <th scope="col">7 days</th>
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {refusals.map((refusal) => (
              <tr key={refusal.code}>
                <td className="mono break">{refusal.code}</td>
                <td className="number">{count(refusal.last_day)}</td>
                <td className="number">{count(refusal.last_week)}</td>
                <td>
                  <Ago at={refusal.newest_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
