import { Button, Modal, Select, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { newIntention, orderCommand } from '../../api/actions';
import { siteOf, useMay, useRoleFor } from '../../api/permissions';
import { ApiProblem } from '../../api/problem';
import { commandTypesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { AgentDetail, CommandType } from '../../api/types';
import { beginningOf, collect, fieldAt, fieldsOf, type Entered, type Json } from '../../format/schema';
import { risks } from '../../format/words';
import { GuardedButton } from '../../parts/guarded-button';
import { sayDone } from '../../parts/said';
import { SchemaForm } from '../../parts/schema-form';
import { Failure, ProblemCodes } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { Outside } from '../windows/outside';
import { hintFor } from '../windows/hints';
import classes from './order-dialog.module.css';

interface OrderDialogProps {
  agent: AgentDetail;
  onClose: () => void;
}

// Anything that can be ordered directly, also of a command type that came as a plugin.
export function OrderDialog({ agent, onClose }: OrderDialogProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const types = useQuery(commandTypesQuery);
  const orderable = types.data?.filter((type) => type.listed && !type.needs_approval) ?? [];
  const type = orderable.find((each) => each.type === chosen);
  return (
    <Modal opened onClose={onClose} title={`Order a command for ${agent.hostname}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {types.data ? (
        <>
          <Select
            label="Command"
            placeholder="Choose one"
            searchable
            data-autofocus
            nothingFoundMessage="No such command"
            data={orderable.map((each) => ({ value: each.type, label: each.title }))}
            value={chosen}
            onChange={setChosen}
          />
          {type && <OrderForm key={type.type} type={type} agent={agent} onClose={onClose} />}
        </>
      ) : types.isError ? (
        <Failure error={types.error} retry={() => void types.refetch()} />
      ) : (
        <Skeleton height={60} role="status" aria-label="Loading" />
      )}
    </Modal>
  );
}

function OrderForm({ type, agent, onClose }: OrderDialogProps & { type: CommandType }) {
  const fields = useMemo(() => fieldsOf(type.parameters_schema), [type]);
  const [entered, setEntered] = useState<Entered>(() => beginningOf(fields));
  const [missing, setMissing] = useState<Record<string, string>>({});
  const [intention, setIntention] = useState(newIntention);
  const [outside, setOutside] = useState<string | null>(null);
  const needs = useRoleFor(rights.createCommands, type.type);
  const mayGoOutside = useMay(rights.runOutsideWindow, siteOf(agent));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const order = useMutation({
    mutationFn: (parameters: Record<string, Json>) => orderCommand(type.type, [agent.id], parameters, intention, outside === null ? null : outside.trim()),
    onSuccess: ([command]) => {
      sayDone(`Ordered for ${agent.hostname}: ${type.title}`);
      onClose();
      if (command) void navigate({ to: '/operations/$commandId', params: { commandId: command.id } });
    },
    // Another attempt is another intention once the server has said no to this one.
    onError: (error) => error instanceof ApiProblem && setIntention(newIntention()),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['commands'] }),
  });
  const problem = order.error instanceof ApiProblem ? order.error : null;
  const about = problem?.field?.startsWith('/parameters') ? fieldAt(fields, problem.field.slice('/parameters'.length)) : null;
  const problems = about && problem ? { ...missing, [about.pointer]: problem.message } : missing;
  const set = (pointer: string, value: Entered[string]) => {
    setEntered((before) => ({ ...before, [pointer]: value }));
    setMissing({});
    order.reset();
  };
  const send = () => {
    const { parameters, problems: found } = collect(fields, entered);
    setMissing(found);
    if (Object.keys(found).length === 0) order.mutate(parameters);
  };
  const risk = risks[type.risk];
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <p className={classes.about}>
        {type.description}
        {type.risk !== 'none' && (
          <>
            {' '}
            <WordTag word={risk} />
          </>
        )}
      </p>
      <SchemaForm fields={fields} entered={entered} problems={problems} onChange={set} />
      <Outside waits={hintFor(agent, type)} reason={outside} onChange={setOutside} mayChoose={mayGoOutside} />
      {order.isError && !about && (
        <div className={classes.wrong} role="alert">
          {order.error.message}
          <ProblemCodes error={order.error} />
        </div>
      )}
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <GuardedButton
          type="submit"
          needs={needs}
          at={siteOf(agent)}
          loading={order.isPending}
          blocked={outside !== null && outside.trim() === '' ? 'Say why it cannot wait' : null}
          onClick={send}
          {...(type.risk === 'destructive' ? { color: 'red.9' } : {})}
        >
          {`Order: ${type.title}`}
        </GuardedButton>
      </div>
    </form>
  );
}
