import { Button, Checkbox, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import type { AccountChange, Grant } from '../../api/types';
import { Ago } from '../../parts/ago';
import { Wrong } from '../../parts/door';
import { Tag } from '../../parts/tag';
import { GrantList, GrantsField } from './grants';
import classes from './settings.module.css';

export interface AccountLike {
  id: string;
  grants: Grant[];
  disabled: boolean;
  last_used_at: string | null;
}

interface AccountRowProps {
  name: string;
  account: AccountLike;
  change: (change: AccountChange) => Promise<unknown>;
  remove: () => Promise<unknown>;
  onChanged: () => void;
  more?: ReactNode; // of this kind of account alone, in the dialog
  below?: ReactNode; // under the row
}

// A person or a service account: what it may, and the dialog that changes it.
export function AccountRow({ name, account, change, remove, onChanged, more, below }: AccountRowProps) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className={classes.who}>
        <b className="break">{name}</b>
        {account.disabled && <Tag tone="warning">Shut out</Tag>}
        <span className="dim">
          {account.last_used_at === null ? 'never used yet' : <>last used <Ago at={account.last_used_at} /></>}
        </span>
      </div>
      <GrantList grants={account.grants} />
      <Button size="compact-sm" variant="default" aria-label={`Change ${name}`} onClick={() => setOpen(true)}>
        Change…
      </Button>
      {below}
      <Modal opened={open} onClose={() => setOpen(false)} title={`Change ${name}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <ChangeAccount account={account} change={change} remove={remove} onClose={() => setOpen(false)} onChanged={onChanged} />
        {more}
      </Modal>
    </li>
  );
}

interface ChangeAccountProps {
  account: AccountLike;
  change: (change: AccountChange) => Promise<unknown>;
  remove: () => Promise<unknown>;
  onClose: () => void;
  onChanged: () => void;
}

function ChangeAccount({ account, change, remove, onClose, onChanged }: ChangeAccountProps) {
  const [grants, setGrants] = useState(account.grants);
  const [disabled, setDisabled] = useState(account.disabled);
  const [sure, setSure] = useState(false);
  const after = {
    onSuccess: () => {
      onChanged();
      onClose();
    },
  };
  const save = useMutation({ mutationFn: () => change({ grants, disabled }), ...after });
  const end = useMutation({ mutationFn: remove, ...after });
  return (
    <Stack gap="sm">
      <Wrong error={save.error ?? end.error} />
      <GrantsField grants={grants} onChange={setGrants} />
      <Checkbox
        label="Shut out: nothing opens for this account until it is let in again"
        checked={disabled}
        onChange={(event) => setDisabled(event.currentTarget.checked)}
      />
      <Group justify="space-between" gap="xs">
        {sure ? (
          <Button color="red.9" loading={end.isPending} onClick={() => end.mutate()}>
            Remove for good
          </Button>
        ) : (
          <Button variant="default" onClick={() => setSure(true)}>
            Remove…
          </Button>
        )}
        <Button loading={save.isPending} onClick={() => save.mutate()}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}
