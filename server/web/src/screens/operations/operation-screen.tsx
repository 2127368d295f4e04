import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { commandQuery, commandTypesQuery } from '../../api/queries';
import type { CommandDetail } from '../../api/types';
import { ScreenSkeleton } from '../../app/waiting';
import { some } from '../../format/number';
import type { Json } from '../../format/schema';
import { cancel_asked, command_states, in_flight, sentence } from '../../format/words';
import { Ago, Told } from '../../parts/ago';
import { CommandProgress } from '../../parts/command-progress';
import { LogView } from '../../parts/log-view';
import { Facts, Panel } from '../../parts/panel';
import { ScreenHead } from '../../parts/screen-head';
import { Failure } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { ValueView } from '../../parts/value-view';
import { Standing } from '../updates/row-columns';
import { CommandButtons, RunOutside } from './command-buttons';
import { ConfirmPlan, planWaits } from './confirm-plan';
import classes from './operations.module.css';
import { planNote, PlanView } from './plan-view';
import { Preparation } from './preparation';
import { RollBack } from './roll-back';

const route = getRouteApi('/app/operations/$commandId');

export function OperationScreen() {
  const { commandId } = route.useParams();
  const { data, error, refetch } = useQuery(commandQuery(commandId));
  if (data) return <Operation command={data} />;
  return (
    <>
      <ScreenHead title="Command" />
      {error ? <Failure error={error} retry={() => void refetch()} /> : <ScreenSkeleton />}
    </>
  );
}

function Operation({ command }: { command: CommandDetail }) {
  const waits = planWaits(command);
  return (
    <>
      <ScreenHead
        title={command.title}
        tags={
          <>
            <WordTag word={waits ? { text: 'Plan needs confirmation', tone: 'warning' } : command_states[command.state]} />
            {command.cancel_asked && <WordTag word={{ text: cancel_asked, tone: 'notice' }} />}
          </>
        }
        actions={
          waits ? (
            <ConfirmPlan command={command} />
          ) : (
            <>
              <RollBack command={command} />
              <RunOutside command={command} />
              <CommandButtons command={command} size="sm" />
            </>
          )
        }
        below={
          <>
            <Link to="/agents/$agentId" params={{ agentId: command.agent_id }} search={{ tab: 'log' }}>
              {command.hostname}
            </Link>
            {` · by ${command.actor}${command.approved_by ? `, approved by ${command.approved_by}` : ''} `}
            <Ago at={command.created_at} />
            {command.retry_of && (
              <>
                {' · again after '}
                <Link to="/operations/$commandId" params={{ commandId: command.retry_of }}>
                  an earlier try
                </Link>
              </>
            )}
          </>
        }
      />
      {command.reason && (
        <Panel title="Why" note={<span className="mono">{command.reason.code}</span>}>
          <p style={{ margin: 0, padding: '0.75rem 0.9rem' }} className="break">
            <Told text={command.reason.text} />
          </p>
        </Panel>
      )}
      {command.outside_window && (
        <Panel title="Outside of maintenance windows">
          <p style={{ margin: 0, padding: '0.75rem 0.9rem' }} className="break">
            {command.outside_window}
          </p>
        </Panel>
      )}
      {command.waiting_for && (
        <Panel title="Waits for" note={command.window?.opens_at && <Ago at={command.window.opens_at} />}>
          <p style={{ margin: 0, padding: '0.75rem 0.9rem' }} className="break">
            <Told text={`${sentence(command.waiting_for)}.`} />
            {command.next && (
              <span className="dim">
                <Told text={` Next: ${command.next}.`} />
              </span>
            )}
          </p>
        </Panel>
      )}
      {command.preparation && <Preparation ordered={command.preparation} />}
      {command.results && command.results.length > 0 && <Results command={command} results={command.results as Json[]} />}
      {command.plan && <Plan command={command} waits={waits} />}
      <Panel title="Log" action={<CommandProgress command={command} />}>
        <LogView lines={command.log} running={in_flight.includes(command.state)} />
      </Panel>
      {command.updates.length > 0 && <Touched command={command} />}
      <Panel title="Life of this command">
        <ol className={classes.path}>
          {command.transitions.map((step) => (
            <li key={`${step.to} ${step.at}`}>
              <WordTag word={command_states[step.to]} />
              <span>
                <Ago at={step.at} />
                {` · ${step.actor}`}
              </span>
              {step.reason && (
                <span title={step.reason.code}>
                  <Told text={step.reason.text} />
                </span>
              )}
            </li>
          ))}
        </ol>
      </Panel>
      <Panel title="What was sent">
        <Facts
          facts={[
            ['Command', <span key="id" className="mono">{command.id}</span>],
            ['Expires', <Ago key="expires" at={command.expires_at} />],
            ['Actions', command.actions.map((action) => `${action.plugin}/${action.action}`).join(', ') || 'none yet'],
            ...(command.plan_hash
              ? [['Plan hash', <span key="hash" className="mono">{command.plan_hash}</span>] as [string, React.ReactNode]]
              : []),
          ]}
        />
        <details className={classes.details}>
          <summary>Parameters and results as JSON</summary>
          <pre className={classes.raw} tabIndex={0} aria-label="Parameters and results">
            {JSON.stringify(
              { parameters: command.parameters, actions: command.actions, results: command.results },
              null,
              2,
            )}
          </pre>
        </details>
      </Panel>
    </>
  );
}

// One answer for each action; which words it is shown in is the command type's.
function Results({ command, results }: { command: CommandDetail; results: Json[] }) {
  const types = useQuery(commandTypesQuery);
  const schema = types.data?.find((type) => type.type === command.type)?.result_schema;
  return (
    <Panel title="Result">
      <div className={classes.result}>
        {results.map((result, index) => (
          <ValueView key={index} value={result} schema={schema} />
        ))}
      </div>
    </Panel>
  );
}

function Plan({ command, waits }: { command: CommandDetail; waits: boolean }) {
  const { plan, extras } = command;
  if (!plan) return null;
  return (
    <Panel title="Plan" note={planNote(plan)}>
      {waits && (
        <p className={classes.extras}>
          {`${some(extras.length, 'step')} of this plan ${extras.length === 1 ? 'is' : 'are'} covered by no approval. Nothing has been changed.`}
        </p>
      )}
      <PlanView steps={plan.steps} extras={waits || extras.length === 0 ? extras : undefined} />
    </Panel>
  );
}

function Touched({ command }: { command: CommandDetail }) {
  return (
    <Panel title="Updates it is about">
      <div className={classes.scroll} tabIndex={0} role="group" aria-label="Updates">
        <table className={classes.steps}>
          <thead>
            <tr>
              <th scope="col">Update</th>
              <th scope="col">To</th>
              <th scope="col">Origin</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {command.updates.map((update) => (
              <tr key={update.id}>
                <td>
                  <b>{update.name}</b> <span className="dim">{update.arch}</span>
                </td>
                <td className="mono">{update.candidate_version}</td>
                <td className="dim">{update.origin}</td>
                <td>
                  <Standing update={update} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
