import { Button, Modal, Select, Skeleton, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { addGroup, changeGroup, removeGroup } from '../../api/actions';
import { useMayThere } from '../../api/permissions';
import { clientsQuery, groupOfMachinesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { Group, GroupDetail } from '../../api/types';
import { Wrong } from '../../parts/door';
import { GuardedButton } from '../../parts/guarded-button';
import { MachinesField } from '../../parts/machines-field';
import { sayDone } from '../../parts/said';
import { Failure } from '../../parts/states';
import classes from './windows.module.css';

interface GroupDialogProps {
  group: Group | null; // null: a new one
  onClose: () => void;
}

export function GroupDialog({ group, onClose }: GroupDialogProps) {
  return (
    <Modal opened onClose={onClose} title={group ? `Change the group ${group.name}` : 'Add a group of machines'} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {group ? <Known group={group} onClose={onClose} /> : <GroupForm group={null} onClose={onClose} />}
    </Modal>
  );
}

// All that are in it are saved together: nothing is shown before they are known.
function Known({ group, onClose }: { group: Group; onClose: () => void }) {
  const { data, error, refetch } = useQuery(groupOfMachinesQuery(group.id));
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={120} role="status" aria-label="Loading" />;
  return <GroupForm group={data} onClose={onClose} />;
}

function GroupForm({ group, onClose }: { group: GroupDetail | null; onClose: () => void }) {
  const may = useMayThere(rights.createGroup);
  const clients = (useQuery(clientsQuery).data ?? []).filter(({ id }) => may({ client_id: id, site_id: '' }));
  const [name, setName] = useState(group?.name ?? '');
  const [client, setClient] = useState<string | null>(group?.client_id ?? null);
  const [chosen, setChosen] = useState(() => (group?.members ?? []).map((member) => member.agent_id));
  const terms = { name: name.trim(), agent_ids: chosen };
  const queries = useQueryClient();
  const after = {
    onSuccess: () => {
      sayDone('Done. What waits goes by it from now on.');
      for (const key of ['machine-groups', 'machine-group', 'profiles', 'policies', 'windows', 'commands', 'command', 'updates', 'overview', 'agent']) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
      onClose();
    },
  };
  const save = useMutation({
    mutationFn: (client_id: string) => (group ? changeGroup(group.id, terms) : addGroup({ client_id, ...terms })),
    ...after,
  });
  const remove = useMutation({ mutationFn: async () => group && removeGroup(group.id), ...after });
  const blocked = client === null || terms.name === '' ? 'Something is still missing' : null;
  const submit = () => client !== null && blocked === null && save.mutate(client);
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Stack gap="sm">
        <div className={classes.fields}>
          <TextInput label="Name" maxLength={100} required data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
          {!group && (
            <Select
              label="Client"
              placeholder="Choose a client"
              searchable
              allowDeselect={false}
              data={clients.map(({ id, name: label }) => ({ value: id, label }))}
              value={client}
              onChange={(next) => {
                setClient(next);
                setChosen([]);
              }}
            />
          )}
        </div>
        {client !== null && (
          <MachinesField
            key={client}
            clientId={client}
            description="A machine may be in several groups"
            known={Object.fromEntries((group?.members ?? []).map((member) => [member.agent_id, member.hostname]))}
            chosen={chosen}
            choose={setChosen}
          />
        )}
        <Wrong error={save.error ?? remove.error} />
        <div className={classes.foot}>
          {group && (
            <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove it with all that it has
            </Button>
          )}
          <GuardedButton
            type="submit"
            needs={group ? rights.changeGroup : rights.createGroup}
            at={client === null ? undefined : { client_id: client, site_id: '' }}
            loading={save.isPending}
            blocked={blocked}
            onClick={submit}
          >
            Save
          </GuardedButton>
        </div>
      </Stack>
    </form>
  );
}
