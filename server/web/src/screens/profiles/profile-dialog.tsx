import { Button, Modal, Skeleton, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';

import { addProfile, changeProfile, removeProfile } from '../../api/actions';
import { ApiProblem } from '../../api/problem';
import { settingsSchemaQuery } from '../../api/queries';
import type { Profile } from '../../api/types';
import { collect, enteredFrom, fieldAt, fieldsOf, type Entered, type Field } from '../../format/schema';
import { Wrong } from '../../parts/door';
import type { GroupScope } from '../../parts/place-choice';
import { sayDone } from '../../parts/said';
import { SchemaForm } from '../../parts/schema-form';
import { Failure } from '../../parts/states';
import { ProfileReachView } from './profile-reach';
import classes from './profiles.module.css';

interface ProfileDialogProps {
  profile: Profile | null; // null: this place has none yet
  scope: GroupScope & { agent_id: string | null };
  where: string;
  onClose: () => void;
}

// What is changed most comes first.
const order = ['schedule', 'log', 'limits', 'breaker', 'plugins'];

function orderedFields(schema: unknown): Field[] {
  return fieldsOf(schema).sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
}

export function ProfileDialog(props: ProfileDialogProps) {
  const { data, error, refetch } = useQuery(settingsSchemaQuery);
  return (
    <Modal opened onClose={props.onClose} title={`Settings of the agents: ${props.where}`} size="xl" closeButtonProps={{ 'aria-label': 'Close' }}>
      {data ? (
        <ProfileForm {...props} schema={data} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton height={240} role="status" aria-label="Loading" />
      )}
    </Modal>
  );
}

function ProfileForm({ profile, scope, where, schema, onClose }: ProfileDialogProps & { schema: unknown }) {
  const fields = useMemo(() => orderedFields(schema), [schema]);
  const [name, setName] = useState(profile?.name ?? where);
  const [entered, setEntered] = useState<Entered>(() => enteredFrom(fields, profile?.settings));
  const [removing, setRemoving] = useState(false);
  const [missing, setMissing] = useState<Record<string, string>>({});
  const queries = useQueryClient();
  const after = {
    onSuccess: () => {
      sayDone('Done.');
      void queries.invalidateQueries({ queryKey: ['profiles'] });
      onClose();
    },
  };
  const { parameters: settings, problems: unreadable } = collect(fields, entered);
  const save = useMutation({
    mutationFn: () => (profile ? changeProfile(profile.id, { name, settings }) : addProfile({ name, settings, ...scope })),
    ...after,
  });
  const remove = useMutation({ mutationFn: async () => profile && removeProfile(profile.id), ...after });
  const problem = save.error instanceof ApiProblem ? save.error : null;
  const about = problem?.field?.startsWith('/settings') ? fieldAt(fields, problem.field.slice('/settings'.length)) : null;
  const problems = about && problem ? { ...missing, [about.pointer]: problem.message } : missing;
  const send = () => {
    setMissing(unreadable);
    if (Object.keys(unreadable).length === 0) save.mutate();
  };
  const empty = Object.keys(settings).length === 0;
  const named = { name: name.trim() || 'preview', settings: removing ? {} : settings, ...(profile ? {} : scope) };
  const draft = Object.keys(unreadable).length > 0 || (empty && !profile) ? null : named;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack gap="sm">
        <p className="dim" style={{ margin: 0 }}>
          What is left empty is not set here: the next wider place decides, or the machine itself. What agent.yaml of a machine says always counts.
        </p>
        <TextInput
          label="Name"
          description="Stands in the audit log beside what it orders"
          required
          withAsterisk={false}
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <SchemaForm
          fields={fields}
          entered={entered}
          problems={problems}
          onChange={(pointer, value) => {
            setEntered((before) => ({ ...before, [pointer]: value }));
            setMissing({});
            setRemoving(false);
            save.reset();
          }}
        />
        <ProfileReachView profile={draft} insteadOf={profile?.id} />
        {!about && <Wrong error={save.error ?? remove.error} />}
        <div className={classes.foot}>
          {profile && (
            <Button variant="default" loading={remove.isPending} onClick={() => (removing ? remove.mutate() : setRemoving(true))}>
              {removing ? 'Remove it now' : 'Remove it…'}
            </Button>
          )}
          <Button type="submit" loading={save.isPending} disabled={empty || removing}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}
