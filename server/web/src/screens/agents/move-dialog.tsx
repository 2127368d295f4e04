import { Button, Group, Modal, Progress, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { moveAgent } from '../../api/actions';
import { clientsQuery, sessionQuery } from '../../api/queries';
import type { Agent } from '../../api/types';
import { count, some } from '../../format/number';
import { sayDone } from '../../parts/said';
import { ProblemCodes } from '../../parts/states';
import { moveOf, targetsFor, type Move } from './moving';

interface MoveDialogProps {
  agents: Agent[];
  onMoved: () => void;
  onClose: () => void;
}

const shown_hosts = 200;

// To another site of their client: says what it touches and what it leaves out before anything moves.
export function MoveDialog({ agents, onMoved, onClose }: MoveDialogProps) {
  const [siteId, setSiteId] = useState<string | null>(null);
  const [done, setDone] = useState(0);
  const queries = useQueryClient();
  const clients = useQuery(clientsQuery).data ?? [];
  const grants = useQuery(sessionQuery).data?.user.grants ?? [];
  const targets = targetsFor(agents, clients, grants);
  const target = targets.find((each) => each.site_id === siteId);
  const move = target ? moveOf(agents, target, grants) : null;
  const run = useMutation({
    mutationFn: async ({ moved }: Move) => {
      setDone(0);
      for (const agent of moved) {
        await moveAgent(agent.id, target?.site_id ?? '');
        setDone((before) => before + 1);
      }
    },
    onSuccess: (_, { moved }) => {
      sayDone(`${some(moved.length, 'machine')} moved to ${target?.label ?? ''}.`);
      onMoved();
      onClose();
    },
    onSettled: () => {
      for (const key of ['agents', 'agent', 'clients', 'overview']) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  const name = agents.length === 1 ? agents[0]?.hostname : some(agents.length, 'machine');
  return (
    <Modal opened onClose={onClose} title={`Move ${name ?? ''}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Select
        label="To the site"
        description="Of its client, and one that you administer"
        placeholder="Choose one"
        searchable
        data-autofocus
        nothingFoundMessage="No such site"
        data={targets.map((each) => ({ value: each.site_id, label: each.label }))}
        value={siteId}
        disabled={run.isPending}
        onChange={setSiteId}
      />
      {move && <Preview move={move} />}
      {run.isPending && <Progress mt="sm" aria-label="Moved so far" value={(100 * done) / Math.max(1, move?.moved.length ?? 1)} />}
      {run.isError && (
        <div role="alert">
          <p>
            {done > 0 && `${count(done)} were moved. `}
            {run.error.message}
          </p>
          <ProblemCodes error={run.error} />
        </div>
      )}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose}>
          Not now
        </Button>
        <Button
          disabled={!move || move.moved.length === 0}
          loading={run.isPending}
          onClick={() => move && run.mutate(move)}
        >
          {move && move.moved.length > 0 ? `Move ${some(move.moved.length, 'machine')}` : 'Move'}
        </Button>
      </Group>
    </Modal>
  );
}

function Preview({ move }: { move: Move }) {
  return (
    <>
      <p>
        {move.moved.length === 0 ? 'None of them moves.' : `Moves ${some(move.moved.length, 'machine')}. `}
        {move.moved.length > 0 && 'Whoever may act at the new site may act on them from then on, and nobody else.'}
      </p>
      {move.left_out.map(({ text, agents }) => (
        <details key={text}>
          <summary>
            <b>{count(agents.length)}</b> {text}
          </summary>
          <ul>
            {agents.slice(0, shown_hosts).map((agent) => (
              <li key={agent.id} className="break">
                {agent.hostname}
              </li>
            ))}
            {agents.length > shown_hosts && <li>{`and ${count(agents.length - shown_hosts)} more`}</li>}
          </ul>
        </details>
      ))}
    </>
  );
}
