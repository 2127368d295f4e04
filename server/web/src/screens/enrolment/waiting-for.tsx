import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { agentsQuery } from '../../api/queries';
import type { NewEnrolmentToken } from '../../api/types';
import { some } from '../../format/number';
import { Ago } from '../../parts/ago';
import { useLoaded } from '../../parts/list';
import { Panel } from '../../parts/panel';
import classes from './enrolment.module.css';
import { LineToPaste } from './line-to-paste';
import { Steps, stepsOf } from './steps';

interface WaitingForProps {
  token: NewEnrolmentToken;
  madeAtMs: number;
}

const slack_ms = 5000; // the server's clock and this one may differ by a little

export function WaitingFor({ token, madeAtMs }: WaitingForProps) {
  const query = useInfiniteQuery(agentsQuery({ sort: '-enrolled' }));
  const { rows } = useLoaded(query);
  const arrived = rows.filter((agent) => Date.parse(agent.enrolled_at) >= madeAtMs - slack_ms);
  return (
    <Panel
      title="Paste this on the machine"
      note={
        <>
          {`for ${some(token.seats, 'machine')}, expires `}
          <Ago at={token.expires_at} />
        </>
      }
    >
      <LineToPaste
        bundle={token.bundle}
        text="On Linux, in a terminal, with the RedFlag agent's package installed. It is shown only now."
      />
      {arrived.length > 0 && (
        <ul className={classes.machines} aria-live="polite">
          {arrived.map((agent) => (
            <li key={agent.id}>
              <b>{agent.hostname}</b>
              <Steps steps={stepsOf(agent)} />
              <Link to="/agents/$agentId" params={{ agentId: agent.id }}>
                Open
              </Link>
            </li>
          ))}
        </ul>
      )}
      {arrived.length < token.seats && (
        <div className={classes.wait} role="status">
          <span className={classes.pulse} aria-hidden />
          {arrived.length === 0
            ? 'Waiting for the machine. It appears here by itself.'
            : `Waiting for ${some(token.seats - arrived.length, 'more machine')}.`}
        </div>
      )}
    </Panel>
  );
}
