import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { addApiToken, addService, changeService, removeService, revokeApiToken } from '../../api/actions';
import { servicesQuery } from '../../api/queries';
import type { ApiToken, Grant, NewApiToken, ServiceAccount } from '../../api/types';
import { useNow } from '../../format/clock';
import type { Word } from '../../format/words';
import { Ago } from '../../parts/ago';
import { TableSkeleton } from '../../parts/data-table';
import { Wrong } from '../../parts/door';
import { IconCheck, IconCopy } from '../../parts/icons';
import { Panel } from '../../parts/panel';
import { sayDone, sayFailed } from '../../parts/said';
import { Failure, State } from '../../parts/states';
import { WordTag } from '../../parts/tag';
import { AccountRow } from './account-row';
import { GrantsField, useBeginning } from './grants';
import classes from './settings.module.css';

export function Services() {
  const { data, error, refetch } = useQuery(servicesQuery);
  const [adding, setAdding] = useState(false);
  const queries = useQueryClient();
  const changed = () => void queries.invalidateQueries({ queryKey: servicesQuery.queryKey });
  return (
    <Panel
      title="Service accounts"
      note="For scripts; each shows a token instead of signing in"
      action={
        <Button size="xs" onClick={() => setAdding(true)}>
          Add an account…
        </Button>
      }
    >
      {data ? (
        data.length === 0 ? (
          <State title="No service account was made yet" />
        ) : (
          <ul className={classes.accounts}>
            {data.map((account) => (
              <AccountRow
                key={account.id}
                name={account.name}
                account={account}
                change={(change) => changeService(account.id, change)}
                remove={() => removeService(account.id)}
                onChanged={changed}
                below={<Tokens account={account} onChanged={changed} />}
              />
            ))}
          </ul>
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <TableSkeleton rows={3} />
      )}
      <Modal opened={adding} onClose={() => setAdding(false)} title="Add a service account" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <AddService
          onAdded={() => {
            setAdding(false);
            changed();
          }}
        />
      </Modal>
    </Panel>
  );
}

function AddService({ onAdded }: { onAdded: () => void }) {
  const [name, setName] = useState('');
  const [grants, setGrants] = useState<Grant[]>(useBeginning());
  const add = useMutation({ mutationFn: () => addService(name, grants), onSuccess: onAdded });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Stack gap="sm">
        <Wrong error={add.error} />
        <TextInput
          label="Name"
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
          maxLength={64}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <GrantsField grants={grants} onChange={setGrants} />
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function standingOf(token: ApiToken, nowMs: number): Word {
  if (token.revoked) return { text: 'Revoked', tone: 'quiet' };
  if (token.ended) return { text: 'Ended with its maker’s rights', tone: 'warning' };
  return Date.parse(token.expires_at) <= nowMs ? { text: 'Expired', tone: 'quiet' } : { text: 'Good', tone: 'good' };
}

function Tokens({ account, onChanged }: { account: ServiceAccount; onChanged: () => void }) {
  const now = useNow();
  const [making, setMaking] = useState(false);
  const revoke = useMutation({
    mutationFn: revokeApiToken,
    onSuccess: () => sayDone('Revoked. It opens nothing any more.'),
    onError: (error) => sayFailed('It was not revoked', error),
    onSettled: onChanged,
  });
  return (
    <div className={classes.below}>
      <ul className={classes.tokens} aria-label={`Tokens of ${account.name}`}>
        {account.tokens.map((token) => {
          const word = standingOf(token, now);
          return (
            <li key={token.id}>
              <span className="break">{token.name}</span>
              <WordTag word={word} />
              <span className="dim">
                made by {token.created_by}, expires <Ago at={token.expires_at} />
              </span>
              {!token.revoked && word.text !== 'Expired' && (
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={revoke.isPending && revoke.variables === token.id}
                  onClick={() => revoke.mutate(token.id)}
                  aria-label={`Revoke ${token.name}`}
                >
                  Revoke
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      <Button size="compact-sm" variant="subtle" onClick={() => setMaking(true)} aria-label={`Make a token for ${account.name}`}>
        Make a token…
      </Button>
      <Modal opened={making} onClose={() => setMaking(false)} title={`A token for ${account.name}`} closeButtonProps={{ 'aria-label': 'Close' }}>
        <MakeToken account={account} onMade={onChanged} onClose={() => setMaking(false)} />
      </Modal>
    </div>
  );
}

const lifetimes = [
  { value: '604800', label: 'A week' },
  { value: '2592000', label: '30 days' },
  { value: '7776000', label: '90 days' },
  { value: '31536000', label: 'A year' },
];

function MakeToken({ account, onMade, onClose }: { account: ServiceAccount; onMade: () => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const [lifetime, setLifetime] = useState('7776000');
  const make = useMutation({ mutationFn: () => addApiToken(account.id, name, Number(lifetime)), onSuccess: onMade });
  if (make.data) return <ShownOnce token={make.data} onClose={onClose} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <Stack gap="sm">
        <Wrong error={make.error} />
        <TextInput
          label="What it is for"
          required
          withAsterisk={false}
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Good for"
          data={lifetimes}
          value={lifetime}
          allowDeselect={false}
          onChange={(value) => setLifetime(value ?? lifetime)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            Make it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ShownOnce({ token, onClose }: { token: NewApiToken; onClose: () => void }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <Stack gap="sm">
      <p style={{ margin: 0 }}>
        <b>This is shown once.</b> Whoever has it may do what the account may, as long as you administer all of that.
      </p>
      <code className={classes.secret}>{token.token}</code>
      <Group justify="flex-end" gap="xs">
        <Button
          variant="default"
          leftSection={clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          onClick={() => clipboard.copy(token.token)}
        >
          {clipboard.copied ? 'Copied' : 'Copy it'}
        </Button>
        <Button onClick={onClose}>I have kept it</Button>
      </Group>
    </Stack>
  );
}
