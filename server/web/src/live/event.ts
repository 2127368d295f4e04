import { readable } from '../api/readable';
import type { EventData } from '../api/types';

export const event_kinds = ['agent', 'update', 'command', 'scan', 'breaker', 'log', 'refusal', 'people', 'schedule', 'window', 'error'] as const;
export type EventKind = (typeof event_kinds)[number];

export interface LiveEvent {
  kind: EventKind;
  data: EventData;
}

export function readEvent(kind: EventKind, text: string): LiveEvent | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (malformed) {
    console.warn('An event that is not JSON was left out.', kind, malformed);
    return null;
  }
  return typeof data === 'object' && data !== null ? { kind, data: readable(data as EventData) } : null;
}

// The first parts of the keys (api/queries.ts) whose answers an event may have changed.
export function keysTouchedBy({ kind, data }: LiveEvent): string[][] {
  const agent = data.agent_id ? [['agent', data.agent_id]] : [];
  const reported = data.agent_id ? ['metrics', 'record-kinds', 'records'].map((name) => [name, data.agent_id ?? '']) : [];
  const history = data.agent_id ? [['history', data.agent_id]] : [];
  const command = data.command_id ? [['command', data.command_id]] : [];
  switch (kind) {
    case 'agent':
      return [['agents'], ['overview'], ['tokens'], ['profiles'], ...agent, ...history];
    case 'update':
      return [['updates'], ['update-groups'], ['agents'], ['overview'], ['errors'], ['update'], ['ignore-rules'], ...agent, ...command];
    case 'command':
      return [['commands'], ['profiles'], ['schedule-runs'], ['updates'], ['update-groups'], ['overview'], ['errors'], ...command, ...history];
    case 'scan':
      return [['agents'], ['updates'], ['update-groups'], ['overview'], ['errors'], ...agent, ...history, ...reported];
    case 'breaker':
      return [['agents'], ['overview'], ['errors'], ...agent, ...history];
    case 'refusal':
      return [['overview'], ['commands'], ['errors'], ...command, ...history];
    case 'error':
      return [['errors']];
    case 'people':
      return [['session'], ['clients'], ['users'], ['service-accounts'], ['policies'], ['profiles']];
    case 'schedule':
      return [['schedules'], ['schedule'], ['schedule-runs']];
    case 'window':
      return [['windows'], ['site-windows'], ['machine-groups'], ['machine-group'], ['profiles'], ['policies'], ['overview'], ['agent'], ['commands'], ['command'], ['updates']];
    case 'log':
      return []; // its lines are in the event: see patch.ts
  }
}
