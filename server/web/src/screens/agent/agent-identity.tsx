import { Group, Radio } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { acceptAgent, revokeAgent } from '../../api/actions';
import { siteOf } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { AgentDetail, AgentDocument } from '../../api/types';
import { identities, identity_advice, sentence } from '../../format/words';
import { Ago } from '../../parts/ago';
import { DecideDialog } from '../../parts/decide-dialog';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone } from '../../parts/said';
import { Tag } from '../../parts/tag';
import classes from './agent.module.css';

// Why a machine gets no orders, and what a person can do about it. Nothing for one that is as it should be.
export function AgentIdentity({ agent }: { agent: AgentDetail }) {
  const { state, reason, since } = agent.identity;
  if (state === 'active') return null;
  return (
    <Panel title="Identity" action={<Tag tone={identities[state].tone}>{identities[state].text}</Tag>}>
      <div className={classes.identity}>
        <p>
          {reason && `${sentence(reason)}. `}
          {since && (
            <>
              Since <Ago at={since} />.{' '}
            </>
          )}
          {identity_advice[state]}
        </p>
        {agent.documents.length > 1 && (
          <ul aria-label="Who holds this agent’s state">
            {agent.documents.map((document) => (
              <li key={document.id}>
                <Holder document={document} />
              </li>
            ))}
          </ul>
        )}
        {state !== 'revoked' && (
          <Group gap="xs">
            <Accept agent={agent} />
            <Revoke agent={agent} word={state === 'pending' ? 'Reject' : 'Revoke'} />
          </Group>
        )}
      </div>
    </Panel>
  );
}

function Holder({ document }: { document: AgentDocument }) {
  return (
    <>
      {`From ${document.peer}, document ${document.number}, last heard of `}
      <Ago at={document.seen_at} />
      {document.machine && <span className="dim mono">{` machine ${document.machine}`}</span>}
      {document.boot_id && <span className="dim mono">{` boot ${document.boot_id.slice(0, 8)}`}</span>}
    </>
  );
}

function useRefresh(agentId: string) {
  const queries = useQueryClient();
  return () => {
    for (const queryKey of [['agent', agentId], ['agents'], ['overview']]) void queries.invalidateQueries({ queryKey });
  };
}

function Accept({ agent }: { agent: AgentDetail }) {
  const [asking, setAsking] = useState(false);
  const newest = agent.documents.find((document) => document.newest);
  const cloned = agent.identity.state === 'cloned';
  const [chosen, setChosen] = useState(cloned ? '' : (newest?.id ?? ''));
  const refresh = useRefresh(agent.id);
  return (
    <>
      <GuardedButton needs={rights.acceptAgent} at={siteOf(agent)} onClick={() => setAsking(true)}>
        Accept…
      </GuardedButton>
      {asking && (
        <DecideDialog
          title={`Accept ${agent.hostname}`}
          confirm="Accept"
          decide={(reason) => acceptAgent(agent.id, reason, chosen)}
          onDone={() => {
            sayDone(`${agent.hostname} is accepted and gets orders again.`);
            refresh();
          }}
          onClose={() => setAsking(false)}
        >
          {agent.documents.length > 1 ? (
            <Radio.Group
              label="Which one is this machine?"
              description="It goes on as it is. Every other one has to be enrolled again: if it comes back as it is, it is found again."
              value={chosen}
              onChange={setChosen}
              required
              mb="sm"
            >
              {agent.documents.map((document) => (
                <Radio key={document.id} value={document.id} mt="xs" label={<Holder document={document} />} />
              ))}
            </Radio.Group>
          ) : (
            <p style={{ marginTop: 0 }}>From now on it gets the orders that people approve for it.</p>
          )}
        </DecideDialog>
      )}
    </>
  );
}

export function Revoke({ agent, word }: { agent: AgentDetail; word: 'Reject' | 'Revoke' }) {
  const [asking, setAsking] = useState(false);
  const refresh = useRefresh(agent.id);
  return (
    <>
      <GuardedButton needs={rights.revokeAgent} at={siteOf(agent)} variant="default" onClick={() => setAsking(true)}>
        {`${word}…`}
      </GuardedButton>
      {asking && (
        <DecideDialog
          title={`${word} ${agent.hostname}`}
          confirm={word}
          danger
          decide={(reason) => revokeAgent(agent.id, reason)}
          onDone={() => {
            sayDone(`${agent.hostname} is let in no more.`);
            refresh();
          }}
          onClose={() => setAsking(false)}
        >
          <p style={{ marginTop: 0 }}>
            Its credentials are worth nothing from this moment, and it gets no orders. Nothing on the machine is changed, and
            its history stays. To have it back it must be enrolled again.
          </p>
        </DecideDialog>
      )}
    </>
  );
}
