
import type { Agent } from '../../api/types';
import { IconCircleCheck, IconCircleDashed, IconLoader } from '../../parts/icons';
import classes from './enrolment.module.css';

export interface Step {
  text: string;
  done: boolean;
}

// waiting → connected → first scan → done, from what the server knows of the machine.
export function stepsOf(agent: Agent): Step[] {
  return [
    { text: 'Enrolled', done: true },
    { text: 'Connected', done: agent.connection !== 'never' },
    { text: 'First scan', done: agent.last_scan !== null },
    ...(agent.identity.state === 'pending' ? [{ text: 'Pending approval', done: false }] : []),
  ];
}

export function Steps({ steps }: { steps: Step[] }) {
  const current = steps.findIndex((step) => !step.done);
  return (
    <ol className={classes.steps}>
      {steps.map((step, index) => {
        const Icon = step.done ? IconCircleCheck : index === current ? IconLoader : IconCircleDashed;
        return (
          <li key={step.text} data-done={step.done || undefined} aria-current={index === current ? 'step' : undefined}>
            <Icon size={17} stroke={1.8} aria-label={step.done ? 'done' : 'to come'} />
            {step.text}
          </li>
        );
      })}
    </ol>
  );
}
