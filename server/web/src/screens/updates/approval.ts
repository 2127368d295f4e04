import { approve, newIntention, previewApproval, type ApprovalTarget } from '../../api/actions';
import type { Approval, WindowHint } from '../../api/types';
import { some } from '../../format/number';
import { sentence } from '../../format/words';

// One order to the server. The API takes one group at a time; several are several orders, each with its own key, so that
// trying again after a cut connection never approves twice.
export interface Part {
  label: string;
  target: ApprovalTarget;
  intention: string;
  preview: Approval;
  done: Approval | null;
}

export interface Wanted {
  label: string;
  target: ApprovalTarget;
}

const side_by_side = 4;

async function mapSome<In, Out>(inputs: In[], make: (input: In) => Promise<Out>): Promise<Out[]> {
  const results = new Map<number, Out>();
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < inputs.length; index = next++) {
      results.set(index, await make(inputs[index] as In));
    }
  };
  await Promise.all(Array.from({ length: Math.min(side_by_side, inputs.length) }, worker));
  return inputs.map((_, index) => results.get(index) as Out);
}

export function previewAll(wanted: Wanted[]): Promise<Part[]> {
  return mapSome(wanted, async ({ label, target }) => ({
    label,
    target,
    intention: newIntention(),
    preview: await previewApproval(target),
    done: null,
  }));
}

// Answers what was carried out, now and before. Stops at the first failure; `onDone` has heard of every part that was carried out, so
// that only the rest is tried again.
export async function approveAll(parts: Part[], outside: string | null, onDone: (part: Part) => void): Promise<Approval[]> {
  const approvals: Approval[] = [];
  for (const part of parts) {
    if (part.done === null && part.preview.approved === 0) continue;
    const done = part.done ?? (await approve(part.target, part.intention, outside));
    approvals.push(done);
    if (part.done === null) onDone({ ...part, done });
  }
  return approvals;
}

// What was done, and what of it another one was quicker with: the preview may be minutes old.
export function approvedText(parts: Part[], approvals: Approval[]): string {
  const sum = (those: Approval[]) => those.reduce((total, { approved }) => total + approved, 0);
  const done = sum(approvals);
  const missed = sum(parts.map((part) => part.preview)) - done;
  const left = missed > 0 ? ` ${some(missed, 'update was', 'updates were')} left out: changed since you looked.` : '';
  if (done === 0) return `Nothing was approved.${left}`;
  const next = approvals.some((approval) => approval.awaiting_approval)
    ? `A second person must approve ${done === 1 ? 'it' : 'them'} too: Operations, To approve.`
    : 'Each machine now makes its plan.';
  return `${some(done, 'update')} approved. ${next}${left}`;
}

// What the machines of all parts would wait for, soonest first. One of several parts counts in each of them.
export function waitsOf(approvals: Approval[]): WindowHint[] {
  const found = new Map<string, WindowHint>();
  for (const wait of approvals.flatMap((approval) => approval.waits)) {
    const key = `${wait.opens_at} ${wait.window}`;
    const known = found.get(key);
    if (known === undefined || known.agents < wait.agents) found.set(key, wait);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, wait]) => wait);
}

export interface SkipReason {
  text: string;
  rows: Approval['skipped'];
}

// Skipped rows by why, most first.
export function skipReasons(approvals: Approval[]): SkipReason[] {
  const byText = new Map<string, Approval['skipped']>();
  for (const row of approvals.flatMap((approval) => approval.skipped)) {
    const text = sentence(row.text);
    byText.set(text, [...(byText.get(text) ?? []), row]);
  }
  return [...byText].map(([text, rows]) => ({ text, rows })).sort((a, b) => b.rows.length - a.rows.length);
}
