import { Button, Modal, Radio, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { addPolicy, changePolicy, removePolicy } from '../../api/actions';
import { rights } from '../../api/rights';
import type { Policy, PolicyTerms } from '../../api/types';
import { Wrong } from '../../parts/door';
import { GroupPlaceChoice } from '../../parts/group-place-choice';
import { everywhere, useUnplaced } from '../../parts/place-choice';
import { sayDone } from '../../parts/said';
import classes from '../updates/approve-dialog.module.css';
import { PolicyLines } from './policy-lines';
import { PolicyPreview } from './policy-preview';
import { actions, textsOf } from './policy-words';

interface PolicyDialogProps {
  policy: Policy | null; // null: a new one
  onClose: () => void;
}

const fresh: PolicyTerms = {
  name: '',
  enabled: true,
  action: 'install',
  age_from: 'first_seen',
  lines: [
    { categories: ['security'], severities: [], after_hours: 24 },
    { categories: [], severities: [], after_hours: 168 },
  ],
};

function termsOf({ name, enabled, action, age_from, lines }: Policy): PolicyTerms {
  return { name, enabled, action, age_from, lines };
}

export function PolicyDialog({ policy, onClose }: PolicyDialogProps) {
  const [scope, setScope] = useState(everywhere);
  const [terms, setTerms] = useState(policy ? termsOf(policy) : fresh);
  const [managers, setManagers] = useState((policy?.managers ?? []).join(', '));
  const [include, setInclude] = useState((policy?.include ?? []).join(', '));
  const [exclude, setExclude] = useState((policy?.exclude ?? []).join(', '));
  const queries = useQueryClient();
  const unplaced = useUnplaced(rights.createApprovalPolicy, scope) && policy === null;
  const set = (change: Partial<PolicyTerms>) => setTerms((before) => ({ ...before, ...change }));
  const whole = { ...terms, managers: textsOf(managers), include: textsOf(include), exclude: textsOf(exclude) };
  const after = {
    onSuccess: () => {
      sayDone('Done.');
      for (const key of ['policies', 'updates']) void queries.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  };
  const save = useMutation({
    mutationFn: () => (policy ? changePolicy(policy.id, whole) : addPolicy({ ...whole, ...scope })),
    ...after,
  });
  const remove = useMutation({ mutationFn: async () => policy && removePolicy(policy.id), ...after });
  return (
    <Modal
      opened
      onClose={onClose}
      title={policy ? `Change ${policy.name}` : 'Add a policy'}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="Stands in the audit log beside what it approves"
            required
            withAsterisk={false}
            maxLength={100}
            data-autofocus
            value={terms.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          {!policy && <GroupPlaceChoice value={scope} onChange={setScope} needs={rights.createApprovalPolicy} description="It cannot be changed later" />}
          <Radio.Group
            label="What it does"
            value={terms.action}
            onChange={(action) => set({ action: action === 'approve' ? 'approve' : 'install' })}
          >
            <Stack gap={4} mt={4}>
              <Radio value="install" label={actions.install} />
              <Radio value="approve" label={actions.approve} />
            </Stack>
          </Radio.Group>
          <PolicyLines lines={terms.lines} onChange={(lines) => set({ lines })} />
          <Select
            label="Age counts from"
            data={[
              { value: 'first_seen', label: 'When a scan first saw it on the machine' },
              { value: 'published', label: 'When it was published, where that is known' },
            ]}
            value={terms.age_from ?? 'first_seen'}
            allowDeselect={false}
            onChange={(from) => set({ age_from: from === 'published' ? 'published' : 'first_seen' })}
          />
          <TextInput
            label="Package managers"
            description="Separated by commas; none: any"
            placeholder="apt, dnf"
            value={managers}
            onChange={(event) => setManagers(event.currentTarget.value)}
          />
          <TextInput
            label="Only these names"
            description="Patterns with * and ?; none: any"
            placeholder="linux-*, openssl"
            value={include}
            onChange={(event) => setInclude(event.currentTarget.value)}
          />
          <TextInput
            label="Never these names"
            description="Not by a policy of a wider place either"
            placeholder="postgresql-*"
            value={exclude}
            onChange={(event) => setExclude(event.currentTarget.value)}
          />
          <Switch
            label="In force"
            checked={terms.enabled ?? true}
            onChange={(event) => set({ enabled: event.currentTarget.checked })}
          />
          {!unplaced && <PolicyPreview policy={policy ? whole : { ...whole, ...scope }} insteadOf={policy?.id} />}
          <Wrong error={save.error ?? remove.error} />
          <div className={classes.foot}>
            {policy && (
              <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Remove it
              </Button>
            )}
            <Button type="submit" loading={save.isPending} disabled={unplaced}>
              Save
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}
