import { Button, Checkbox, Modal, Select, Stack, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { rights } from '../../api/rights';
import { some } from '../../format/number';
import { Wrong } from '../../parts/door';
import { PlaceChoice, useUnplaced, type Scope } from '../../parts/place-choice';
import { sayDone } from '../../parts/said';
import classes from './approve-dialog.module.css';
import { ignoreAll, periods, reachOf, rulesOf, untilOf, whole_fleet, type Ignorable } from './ignoring';

interface IgnoreDialogProps {
  wanted: Ignorable[];
  onClose: () => void;
  onDone: () => void;
}

const days = periods.map(({ value, label }) => ({ value, label }));

// Asks where, until when and why, and says how much that is before anything is ignored.
export function IgnoreDialog({ wanted, onClose, onDone }: IgnoreDialogProps) {
  const of_machines = wanted.every((each) => each.covers.agent_id);
  const [scope, setScope] = useState<Scope | null>(of_machines ? null : whole_fleet);
  const [period, setPeriod] = useState<string>('30');
  const [this_version, setThisVersion] = useState(false);
  const [reason, setReason] = useState('');
  const [opened_ms] = useState(Date.now);
  const queries = useQueryClient();
  const nowhere = useUnplaced(rights.createIgnoreRule, scope ?? whole_fleet) && scope !== null;
  const terms = { scope, this_version, until: untilOf(period, opened_ms), reason: reason.trim() };
  const rules = rulesOf(wanted, { ...terms, reason: '' });
  const reach = useQuery({
    queryKey: ['ignore-preview', JSON.stringify(rules)],
    queryFn: () => reachOf(rules),
    enabled: !nowhere,
    staleTime: Infinity,
    gcTime: 0,
  });
  const ignore = useMutation({
    mutationFn: () => ignoreAll(rulesOf(wanted, terms)),
    onSuccess: () => {
      sayDone('Ignored from now on. Lift it under Updates → Rules.');
      onDone();
      onClose();
    },
    onSettled: () => {
      for (const key of ['updates', 'update-groups', 'agents', 'overview', 'ignore-rules']) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
    },
  });
  return (
    <Modal opened onClose={onClose} title="Ignore updates" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ignore.mutate();
        }}
      >
        <Stack gap="sm">
          <ul className={classes.list} aria-label="What is ignored">
            {wanted.map((each) => (
              <li key={each.label}>
                <span className="break">{each.label}</span>
              </li>
            ))}
          </ul>
          {of_machines && (
            <Checkbox
              label="Only on the machines that are selected"
              checked={scope === null}
              onChange={(event) => setScope(event.currentTarget.checked ? null : whole_fleet)}
            />
          )}
          {scope !== null && <PlaceChoice value={scope} onChange={setScope} needs={rights.createIgnoreRule} />}
          <Select
            label="For how long"
            data={days}
            value={period}
            allowDeselect={false}
            onChange={(next) => setPeriod(next ?? '')}
          />
          <Checkbox
            label="Only the versions offered now: newer ones are shown again"
            checked={this_version}
            onChange={(event) => setThisVersion(event.currentTarget.checked)}
          />
          <Textarea
            label="Reason"
            description="Shown beside each update that is ignored, with your name"
            value={reason}
            maxLength={500}
            required
            data-autofocus
            autosize
            minRows={2}
            onChange={(event) => setReason(event.currentTarget.value.replaceAll('\n', ' '))}
          />
          <p className={classes.next} role="status">
            {nowhere
              ? 'Choose where, and you see how many updates that is.'
              : reach.data
                ? `Ignores ${some(reach.data.updates, 'update')} now, and what a later scan finds. ` +
                  'They are counted by themselves, and no policy approves them.' +
                  (reach.data.under_way > 0
                    ? ` ${some(reach.data.under_way, 'update')} under way ${reach.data.under_way === 1 ? 'goes' : 'go'} on.`
                    : '')
                : reach.isError
                  ? ''
                  : 'Counting…'}
          </p>
          <Wrong error={ignore.error ?? reach.error} />
          <div className={classes.foot}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={ignore.isPending} disabled={nowhere || reason.trim() === ''}>
              Ignore
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}
