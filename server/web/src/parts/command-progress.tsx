import { Progress } from '@mantine/core';

import type { Command } from '../api/types';
import { in_flight } from '../format/words';

// The bar only where there is a number; the text is the command's own.
export function CommandProgress({ command }: { command: Command }) {
  if (!in_flight.includes(command.state)) return null;
  if (command.percent === null && command.progress === null) return null;
  return (
    <span style={{ display: 'flex', flexDirection: 'column', gap: '0.25rem', minWidth: 0 }}>
      {command.percent !== null && (
        <Progress value={command.percent} size={5} aria-label={`${command.title}: progress`} />
      )}
      <span className="clip dim" style={{ fontSize: '0.75rem' }} title={command.progress ?? undefined}>
        {[command.percent === null ? null : `${command.percent} %`, command.progress].filter(Boolean).join(' · ')}
      </span>
    </span>
  );
}
