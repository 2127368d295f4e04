import { useQuery } from '@tanstack/react-query';

import { approvePolicy, withdrawPolicyApproval } from '../../api/actions';
import { placeOf } from '../../api/permissions';
import { policiesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Policy } from '../../api/types';
import { Beforehand } from '../../parts/beforehand';
import { EditedList } from '../../parts/edited-list';
import { GuardedButton } from '../../parts/guarded-button';
import { whereOf } from '../../parts/place-choice';
import { Tag } from '../../parts/tag';
import { PolicyDialog } from './policy-dialog';
import { actions, lineText } from './policy-words';
import classes from './rules.module.css';

export function Policies() {
  return (
    <EditedList
      title="Approval policies"
      note="The nearest one that speaks of an update decides; what is ignored or held back stays"
      needs={rights.createApprovalPolicy}
      add="Add a policy…"
      none="No policy: every update waits for a person."
      query={useQuery(policiesQuery)}
      list={(policies, change) => (
        <ul className={classes.rows} aria-label="Approval policies">
          {policies.map((policy) => (
            <PolicyRow key={policy.id} policy={policy} change={() => change(policy)} />
          ))}
        </ul>
      )}
      dialog={(policy, close) => <PolicyDialog policy={policy} onClose={close} />}
    />
  );
}

function PolicyRow({ policy, change }: { policy: Policy; change: () => void }) {
  const { managers, include, exclude, lines } = policy;
  const names = [
    managers.length > 0 && managers.join(', '),
    include.length > 0 && `only ${include.join(', ')}`,
    exclude.length > 0 && `never ${exclude.join(', ')}`,
  ].filter(Boolean);
  const what = `${actions[policy.action]} · ${lines.map(lineText).join('; ')}`;
  return (
    <li>
      <div className={classes.what}>
        <span className={classes.head}>
          <b>{policy.name}</b>
          <span className="dim">{whereOf(policy)}</span>
          {!policy.enabled && <Tag tone="quiet">off</Tag>}
        </span>
        <span>{what}</span>
        {names.length > 0 && <span className="mono">{names.join(' · ')}</span>}
        {policy.action === 'install' && (
          <Beforehand
            name={policy.name}
            risk="high"
            author={policy.changed_by}
            given={policy.second_person}
            needs={rights.approvePolicy}
            at={placeOf(policy)}
            approve={(reason) => approvePolicy(policy, reason)}
            withdraw={() => withdrawPolicyApproval(policy.id)}
          >
            <p style={{ marginTop: 0 }} className="break">
              <b>{whereOf(policy)}</b>
              {`: ${what}`}
            </p>
            {names.length > 0 && <p className="mono break">{names.join(' · ')}</p>}
          </Beforehand>
        )}
      </div>
      <GuardedButton
        needs={rights.changeApprovalPolicy}
        at={placeOf(policy)}
        size="compact-xs"
        variant="default"
        aria-label={`Change ${policy.name}`}
        onClick={change}
      >
        Change…
      </GuardedButton>
    </li>
  );
}
