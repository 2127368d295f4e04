import { Button, Modal, Select, Skeleton, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';

import { addSchedule, changeSchedule } from '../../api/actions';
import { ApiProblem } from '../../api/problem';
import { useRoleFor } from '../../api/permissions';
import { clientsQuery, commandTypesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { CommandType, Schedule, ScheduleWish } from '../../api/types';
import { collect, enteredFrom, fieldAt, fieldsOf, type Entered } from '../../format/schema';
import { risks } from '../../format/words';
import { zone_names } from '../../format/zones';
import { Wrong } from '../../parts/door';
import { GuardedButton } from '../../parts/guarded-button';
import { MachinesField } from '../../parts/machines-field';
import { sayDone } from '../../parts/said';
import { SchemaForm } from '../../parts/schema-form';
import { Failure } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { ForecastView } from './forecast';
import { formOf, ruleOf } from './rule';
import { RuleFields } from './rule-fields';
import classes from './schedules.module.css';
import { named_machines, placeOf, scopeChoices, scopeKey, scopeOf } from './scope';

const catch_ups = [
  { value: '0', label: 'Skip it' },
  { value: '3600', label: 'Within an hour' },
  { value: '14400', label: 'Within 4 hours' },
  { value: '43200', label: 'Within 12 hours' },
  { value: '86400', label: 'Within a day' },
  { value: '604800', label: 'Within a week' },
];

interface ScheduleFormProps {
  schedule?: Schedule | undefined; // to change; else a new one
  onClose: () => void;
  onSaved?: (schedule: Schedule) => void;
}

export function ScheduleForm(props: ScheduleFormProps) {
  const types = useQuery(commandTypesQuery);
  const orderable = types.data?.filter((type) => !type.needs_approval && (type.listed || type.type === props.schedule?.type));
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.schedule ? `Change ${props.schedule.name}` : 'A new schedule'}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {orderable ? (
        <Fields {...props} types={orderable} />
      ) : types.isError ? (
        <Failure error={types.error} retry={() => void types.refetch()} />
      ) : (
        <Skeleton height={200} role="status" aria-label="Loading" />
      )}
    </Modal>
  );
}

const today = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

function Fields({ schedule, types, onClose, onSaved }: ScheduleFormProps & { types: CommandType[] }) {
  const [name, setName] = useState(schedule?.name ?? '');
  const [typeId, setTypeId] = useState(schedule?.type ?? 'scan');
  const [scope, setScope] = useState(schedule ? scopeKey(schedule.scope) : '');
  const [agentIds, setAgentIds] = useState(schedule?.scope.agent_ids ?? []);
  const [rule, setRule] = useState(() => formOf(schedule?.rule ?? { repeat: 'daily', time: '02:00' }, today()));
  const [zone, setZone] = useState(schedule?.time_zone ?? '');
  const [catchUp, setCatchUp] = useState(String(schedule?.catch_up_s ?? 0));
  const clients = useQuery(clientsQuery).data ?? [];
  const type = types.find((each) => each.type === typeId);
  const needs = useRoleFor(schedule ? rights.changeSchedule : rights.createSchedule, typeId);
  const fields = useMemo(() => fieldsOf(type?.parameters_schema), [type]);
  const given = schedule?.type === typeId ? schedule.parameters : {};
  const [typed, setTyped] = useState<Entered>({});
  const entered = { ...enteredFrom(fields, given), ...typed };
  const { parameters, problems: missing } = collect(fields, entered);
  const calendar = ruleOf(rule);
  const scoped = scope === '' ? null : scopeOf(scope, agentIds);
  const complete = calendar && scoped && type && Object.keys(missing).length === 0;
  const wish: ScheduleWish | null = complete
    ? { name: name.trim() || type.title, type: typeId, parameters, scope: scoped, rule: calendar, time_zone: zone || null, catch_up_s: Number(catchUp) }
    : null;
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (wanted: ScheduleWish) => (schedule ? changeSchedule(schedule.id, wanted) : addSchedule(wanted)),
    onSuccess: (saved) => {
      sayDone(schedule ? 'Changed.' : `Scheduled: ${saved.when}`);
      for (const key of ['schedules', 'schedule', 'schedule-runs']) void queries.invalidateQueries({ queryKey: [key] });
      onClose();
      onSaved?.(saved);
    },
  });
  const problem = save.error instanceof ApiProblem ? save.error : null;
  const about = problem?.field?.startsWith('/parameters') ? fieldAt(fields, problem.field.slice('/parameters'.length)) : null;
  const waits = catch_ups.some((each) => each.value === catchUp)
    ? catch_ups
    : [...catch_ups, { value: catchUp, label: `Within ${Math.round(Number(catchUp) / 60)} minutes` }];
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Stack gap="sm">
        <div className={classes.fields}>
          <Select
            label="Command"
            searchable
            data-autofocus
            data={types.map((each) => ({ value: each.type, label: each.title }))}
            value={typeId}
            allowDeselect={false}
            onChange={(value) => {
              setTypeId(value ?? typeId);
              setTyped({});
            }}
          />
          <TextInput
            label="Name"
            maxLength={100}
            placeholder={type?.title ?? ''}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        </div>
        {type && (
          <p className={classes.about}>
            {type.description} {type.risk !== 'none' && <WordTag word={risks[type.risk]} />}
          </p>
        )}
        <SchemaForm
          fields={fields}
          entered={entered}
          problems={about && problem ? { [about.pointer]: problem.message } : {}}
          onChange={(pointer, value) => {
            setTyped((before) => ({ ...before, [pointer]: value }));
            save.reset();
          }}
        />
        <div className={classes.fields}>
          <Select
            label="For"
            placeholder="Choose a client, a site or machines"
            searchable
            nothingFoundMessage="No such place"
            data={scopeChoices(clients)}
            value={scope === '' ? null : scope}
            allowDeselect={false}
            onChange={(value) => setScope(value ?? scope)}
          />
          {scope === named_machines && <MachinesField chosen={agentIds} choose={setAgentIds} />}
        </div>
        <RuleFields form={rule} change={(part) => setRule((before) => ({ ...before, ...part }))} />
        <div className={classes.fields}>
          <Select
            label="By the clocks of"
            searchable
            data={[{ value: '', label: 'Each site' }, ...zone_names]}
            value={zone}
            allowDeselect={false}
            onChange={(value) => setZone(value ?? '')}
          />
          <Select
            label="When it cannot begin in time"
            data={waits}
            value={catchUp}
            allowDeselect={false}
            onChange={(value) => setCatchUp(value ?? catchUp)}
          />
        </div>
        <ForecastView wish={wish} />
        {!about && <Wrong error={save.error} />}
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <GuardedButton
            type="submit"
            needs={needs}
            at={scoped ? placeOf(scoped, clients) : undefined}
            loading={save.isPending}
            blocked={wish ? null : 'Something is still missing'}
            onClick={() => wish && save.mutate(wish)}
          >
            Save
          </GuardedButton>
        </div>
      </Stack>
    </form>
  );
}
