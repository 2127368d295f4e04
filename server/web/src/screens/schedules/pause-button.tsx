import { useMutation, useQueryClient } from '@tanstack/react-query';

import { pauseSchedule, resumeSchedule } from '../../api/actions';
import type { Role, Schedule } from '../../api/types';
import { GuardedButton } from '../../parts/guarded-button';
import { sayFailed } from '../../parts/said';

interface PauseButtonProps {
  schedule: Schedule;
  needs: Role;
  size: 'xs' | 'compact-xs';
}

export function PauseButton({ schedule, needs, size }: PauseButtonProps) {
  const queries = useQueryClient();
  const paused = schedule.state === 'paused';
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
