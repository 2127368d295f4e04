import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { rebindAgent } from '../../api/actions';
import { siteOf, useMay } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { AgentDetail, RebindBundle } from '../../api/types';
import { Ago } from '../../parts/ago';
import { Panel } from '../../parts/panel';
import { sayFailed } from '../../parts/said';
import { LineToPaste } from '../enrolment/line-to-paste';
import classes from './agent.module.css';

// For a machine that cannot open its key any more: too many of its parts are new, or its disk was put into another one.
export function AgentRebind({ agent }: { agent: AgentDetail }) {
  const [made, setMade] = useState<RebindBundle | null>(null);
  if (!useMay(rights.rebindAgent, siteOf(agent))) return null;
  return (
    <Panel title="Bind to a new machine" note={made ? <Expires at={made.expires_at} /> : 'When its key no longer opens'}>
      {made ? <LineToPaste bundle={made.bundle} text="Paste this on the machine. It is shown only now." /> : <Ask agent={agent} onMade={setMade} />}
    </Panel>
  );
}

function Expires({ at }: { at: string }) {
  return (
    <>
      {'for one machine, expires '}
      <Ago at={at} />
    </>
  );
}

function Ask({ agent, onMade }: { agent: AgentDetail; onMade: (made: RebindBundle) => void }) {
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => rebindAgent(agent.id, reason.trim()),
    onSuccess: onMade,
    onError: (error) => sayFailed('No bundle was made', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['agent', agent.id] }),
  });
  return (
    <form
      className={classes.rebind}
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <p>
        {agent.hostname} keeps its id, history and site and gets a new key. From the moment it uses the bundle, the old key
        opens nothing.
      </p>
      <TextInput
        label="Reason"
        description="Kept in the history"
        placeholder="The mainboard was replaced"
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" loading={make.isPending} disabled={reason.trim() === ''}>
        Make a bundle
      </Button>
    </form>
  );
}
