import type { CommandDetail, PlanStep } from '../../api/types';
import { bytes, some } from '../../format/number';
import { listed, type Tone } from '../../format/words';
import { Tag } from '../../parts/tag';
import classes from './operations.module.css';

const operations: Record<PlanStep['operation'], { text: string; tone: Tone }> = {
  install: { text: 'New', tone: 'notice' },
  upgrade: { text: 'Upgrade', tone: 'quiet' },
  remove: { text: 'Remove', tone: 'critical' },
  downgrade: { text: 'Downgrade', tone: 'warning' },
};

export function stepId(step: PlanStep): string {
  return `${step.operation} ${step.name} ${step.arch} ${step.from} ${step.to}`;
}

export function planNote(plan: NonNullable<CommandDetail['plan']>): string {
  const note = [
    some(plan.steps.length, 'step'),
    `${bytes(plan.download_bytes)} to download`,
    plan.needs_reboot ? 'needs a reboot' : null,
    plan.restarts.length > 0 ? `to be restarted: ${listed(plan.restarts)}` : null,
    plan.restarts_incomplete ? 'more services may have to be restarted than could be named' : null,
  ];
  return note.filter(Boolean).join(' · ');
}

// Extras first: they are what somebody has to decide about. Without any word of extras nothing is said of approval.
export function PlanView({ steps, extras }: { steps: PlanStep[]; extras?: PlanStep[] }) {
  const extra = new Set(extras?.map(stepId));
  const sorted = [...steps].sort((a, b) => Number(extra.has(stepId(b))) - Number(extra.has(stepId(a))));
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label="Steps">
      <table className={classes.steps}>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Package</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            {extras && <th scope="col">Approved</th>}
          </tr>
        </thead>
        <tbody>
          {sorted.map((step) => (
            <tr key={stepId(step)} data-extra={extra.has(stepId(step)) || undefined}>
              <td>
                <Tag tone={operations[step.operation].tone}>{operations[step.operation].text}</Tag>
              </td>
              <td>
                <b>{step.name}</b> <span className="dim">{step.arch}</span>
              </td>
              <td className="mono dim">{step.from || '–'}</td>
              <td className="mono">{step.to || '–'}</td>
              {extras && <td>{extra.has(stepId(step)) ? <Tag tone="warning">not yet</Tag> : <span className="dim">yes</span>}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
