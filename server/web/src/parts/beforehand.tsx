import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import type { Place } from '../api/permissions';
import { secondPersonRulesQuery, sessionQuery } from '../api/queries';
import type { CommandType, Role, SecondOpinion } from '../api/types';
import { Ago } from './ago';
import classes from './beforehand.module.css';
import { DecideDialog } from './decide-dialog';
import { GuardedButton } from './guarded-button';
import { sayDone, sayFailed } from './said';

interface BeforehandProps {
  name: string;
  risk: CommandType['risk']; // of what it orders
  author: string;
  given: SecondOpinion | null;
  needs: Role;
  at: Place;
  approve: (reason: string) => Promise<void>;
  withdraw: () => Promise<void>;
  // What it says, for whoever decides.
  children: ReactNode;
}

// Whether another person has approved beforehand what a policy or a schedule orders. Nothing while no rule asks for
// one, and nobody was asked.
export function Beforehand({ name, risk, author, given, needs, at, approve, withdraw, children }: BeforehandProps) {
  const [deciding, setDeciding] = useState(false);
  const queries = useQueryClient();
  const me = useQuery(sessionQuery).data?.user.username;
  const rules = useQuery(secondPersonRulesQuery).data ?? [];
  const asked = rules.some((rule) => rule.risk === risk && rule.machines > 0);
  const refresh = () => {
    for (const key of ['policies', 'schedules', 'schedule']) void queries.invalidateQueries({ queryKey: [key] });
  };
  const end = useMutation({
    mutationFn: withdraw,
    onSuccess: () => sayDone('Withdrawn: its orders may wait for a second person again.'),
    onError: (error) => sayFailed('The approval stays', error),
    onSettled: refresh,
  });
  if (!asked && !given) return null;
  return (
    <div className={classes.beforehand}>
      <span className="break">
        {given ? <Given opinion={given} /> : 'Its orders wait for a second person where there are enough machines'}
      </span>
      {given?.counts ? (
        <GuardedButton
          needs={needs}
          at={at}
          size="compact-xs"
          variant="default"
          loading={end.isPending}
          aria-label={`Withdraw the approval of ${name}`}
          onClick={() => end.mutate()}
        >
          Withdraw
        </GuardedButton>
      ) : (
        <GuardedButton
          needs={needs}
          at={at}
          size="compact-xs"
          blocked={me === author ? 'You saved it last: another person must approve it' : null}
          aria-label={`Approve once: what ${name} orders`}
          onClick={() => setDeciding(true)}
        >
          Approve once…
        </GuardedButton>
      )}
      {deciding && (
        <DecideDialog
          title={`Approve what ${name} orders`}
          confirm="Approve"
          danger={risk === 'destructive'}
          keptIn="the audit log"
          decide={approve}
          onDone={() => {
            sayDone(`Approved: ${name}`);
            refresh();
          }}
          onClose={() => setDeciding(false)}
        >
          {children}
          <p>
            {`${author} answers for it. Nothing that it orders will wait for a second person, on however many machines, until somebody changes it.`}
          </p>
        </DecideDialog>
      )}
    </div>
  );
}

function Given({ opinion }: { opinion: SecondOpinion }) {
  return (
    <>
      {`Approved beforehand by ${opinion.by} `}
      <Ago at={opinion.at} />
      {`: ${opinion.reason}`}
      {!opinion.counts && ' – who may not any more, so that its orders wait again'}
    </>
  );
}
