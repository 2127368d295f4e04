import { Button, Modal, NumberInput, Skeleton, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { addWindow, changeWindow, removeWindow } from '../../api/actions';
import { placeOf } from '../../api/permissions';
import { windowForecastQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { MaintenanceWindow, MaintenanceWindowTerms, NewMaintenanceWindow } from '../../api/types';
import { some } from '../../format/number';
import { Wrong } from '../../parts/door';
import { GuardedButton } from '../../parts/guarded-button';
import { sayDone } from '../../parts/said';
import { formOf, ruleOf } from '../schedules/rule';
import { RuleFields } from '../schedules/rule-fields';
import { Openings } from './openings';
import { nowhere, WindowPlace, type WindowScope } from './window-place';
import classes from './windows.module.css';

interface WindowDialogProps {
  window: MaintenanceWindow | null; // null: a new one
  onClose: () => void;
}

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
const most_minutes = 10_080;

// Of the place alone, where a window is given.
function scopeOf({ client_id, site_id, group_id, agent_id }: WindowScope): WindowScope {
  return { client_id, site_id, group_id, agent_id };
}

// Whom it is for stays.
function termsOf({ name, rule, length_minutes, notice_minutes }: NewMaintenanceWindow): MaintenanceWindowTerms {
  return { name, rule, length_minutes, notice_minutes };
}

export function WindowDialog({ window, onClose }: WindowDialogProps) {
  const [name, setName] = useState(window?.name ?? '');
  const [scope, setScope] = useState<WindowScope>(window ?? nowhere);
  const [rule, setRule] = useState(() => formOf(window?.rule ?? { repeat: 'weekly', weekdays: ['sat'], time: '22:00' }, tomorrow()));
  const [hours, setHours] = useState((window?.length_minutes ?? 240) / 60);
  const [notice, setNotice] = useState(window?.notice_minutes ?? 60);
  const calendar = ruleOf(rule);
  const length = Math.round(hours * 60);
  const placed = scope.client_id !== null && calendar && length >= 1 && length <= most_minutes;
  const wish: NewMaintenanceWindow | null = placed
    ? { ...scopeOf(scope), name: name.trim() || 'Maintenance', rule: calendar, length_minutes: length, notice_minutes: notice }
    : null;
  const queries = useQueryClient();
  const after = {
    onSuccess: () => {
      sayDone('Done. What waits goes by it from now on.');
      for (const key of ['windows', 'site-windows', 'commands', 'command', 'updates', 'overview', 'agent']) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
      onClose();
    },
  };
  const save = useMutation({
    mutationFn: (wanted: NewMaintenanceWindow) => (window ? changeWindow(window.id, termsOf(wanted)) : addWindow(wanted)),
    ...after,
  });
  const remove = useMutation({ mutationFn: async () => window && removeWindow(window.id), ...after });
  return (
    <Modal
      opened
      onClose={onClose}
      title={window ? `Change ${window.name}` : 'Add a maintenance window'}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={(event) => event.preventDefault()}>
        <Stack gap="sm">
          <div className={classes.fields}>
            <TextInput
              label="Name"
              placeholder="Maintenance"
              maxLength={100}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {!window && <WindowPlace value={scope} onChange={setScope} />}
          </div>
          <RuleFields form={rule} change={(part) => setRule((before) => ({ ...before, ...part }))} />
          <div className={classes.fields}>
            <NumberInput
              label="Open for, in hours"
              description="Whatever the clocks do meanwhile"
              min={1 / 60}
              max={most_minutes / 60}
              decimalScale={2}
              step={1}
              value={hours}
              onChange={(value) => setHours(Number(value) || 0)}
            />
            <NumberInput
              label="Tell beforehand, in minutes"
              description="Of what waits for it; 0: not"
              min={0}
              max={most_minutes}
              allowDecimal={false}
              value={notice}
              onChange={(value) => setNotice(Number(value) || 0)}
            />
          </div>
          <ForecastOfWindow wish={wish} />
          <Wrong error={save.error ?? remove.error} />
          <div className={classes.foot}>
            {window && (
              <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Remove it
              </Button>
            )}
            <GuardedButton
              type="submit"
              needs={window ? rights.changeMaintenanceWindow : rights.createMaintenanceWindow}
              at={scope.client_id === null ? undefined : placeOf(scope)}
              loading={save.isPending}
              blocked={wish ? null : 'Something is still missing'}
              onClick={() => wish && save.mutate(wish)}
            >
              Save
            </GuardedButton>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}

const typing_ms = 300;
const shown_zones = 4;

// When it would open next, before it is saved.
function ForecastOfWindow({ wish }: { wish: NewMaintenanceWindow | null }) {
  const [settled] = useDebouncedValue(JSON.stringify(wish), typing_ms);
  const asked = JSON.parse(settled) as NewMaintenanceWindow | null;
  const { data, error, isFetching } = useQuery(windowForecastQuery(asked));
  if (wish === null || asked === null) return null;
  return (
    <section className={classes.forecast} aria-label="When it opens" aria-busy={isFetching}>
      {error ? (
        <Wrong error={error} />
      ) : data ? (
        <div className={classes.zones}>
          {data.zones.slice(0, shown_zones).map((zone) => (
            <div key={zone.time_zone}>
              <h3>{`${zone.time_zone} (${some(zone.sites, 'site')}, ${some(zone.agents, 'machine')})`}</h3>
              {zone.problem ? <p>{`None opens there: ${zone.problem}.`}</p> : <Openings next={zone.next} zone={zone.time_zone} />}
            </div>
          ))}
          {data.zones.length === 0 && <p>There is no site yet.</p>}
          {data.zones.length > shown_zones && <p>{`and in ${some(data.zones.length - shown_zones, 'more time zone')}`}</p>}
        </div>
      ) : (
        <Skeleton height={90} role="status" aria-label="Loading" />
      )}
    </section>
  );
}
