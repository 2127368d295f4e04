import { useMutation, useQueryClient } from '@tanstack/react-query';

import { pauseSchedule, resumeSchedule } from '../../api/actions';
import { useRoleFor, type Place } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { Schedule } from '../../api/types';
import { GuardedButton } from '../../parts/guarded-button';
import { sayFailed } from '../../parts/said';

interface PauseButtonProps {
  schedule: Schedule;
  at: Place;
  size: 'xs' | 'compact-xs';
}

export function PauseButton({ schedule, at, size }: PauseButtonProps) {
  const queries = useQueryClient();
  const paused = schedule.state === 'paused';
  const needs = useRoleFor(paused ? rights.resumeSchedule : rights.pauseSchedule, schedule.type);
  const change = useMutation({
    mutationFn: () => (paused ? resumeSchedule(schedule.id) : pauseSchedule(schedule.id)),
    onError: (error) => sayFailed('It stays as it was', error),
    onSettled: () => {
      for (const key of ['schedules', 'schedule']) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  if (schedule.state === 'done') return null;
  return (
    <GuardedButton
      needs={needs}
      at={at}
      size={size}
      variant="default"
      loading={change.isPending}
      aria-label={`${paused ? 'Resume' : 'Pause'} ${schedule.name}`}
      onClick={() => change.mutate()}
    >
      {paused ? 'Resume' : 'Pause'}
    </GuardedButton>
  );
}
