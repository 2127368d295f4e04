import type { AgentDetail, CommandType, WindowHint } from '../../api/types';

// Orders of types that change machines are held to maintenance windows.
function isHeld(type: CommandType): boolean {
  return type.risk === 'high' || type.risk === 'destructive';
}

// What an order of this type for this machine would wait for.
export function hintFor(agent: AgentDetail, type: CommandType): WindowHint[] {
  const { window } = agent;
  if (window === null || window.open || !isHeld(type)) return [];
  const { name, opens_at, closes_at } = window;
  return [{ window: name === null ? null : `the window "${name}"`, opens_at, closes_at, agents: 1 }];
}
