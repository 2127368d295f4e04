import { Progress } from '@mantine/core';

import type { Command } from '../api/types';
import { readableTimes } from '../format/time';
import { in_flight } from '../format/words';

export function progressText({ percent, progress }: Pick<Command, 'percent' | 'progress'>): string {
  return [percent === null ? null : `${percent} %`, progress && readableTimes(progress)].filter(Boolean).join(' · ');
}

// The bar only where there is a number; the text is the command's own.
export function CommandProgress({ command }: { command: Command }) {
  if (!in_flight.includes(command.state)) return null;
  if (command.percent === null && command.progress === null) return null;
  const text = progressText(command);
  return (
    <span style={{ display: 'flex', flexDirection: 'column', gap: '0.25rem', minWidth: 0 }}>
      {command.percent !== null && (
        <Progress value={command.percent} size={5} aria-label={`${command.title}: progress`} />
      )}
      <span className="clip dim" style={{ fontSize: '0.75rem' }} title={text}>
        {text}
      </span>
    </span>
  );
}
