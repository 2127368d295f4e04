import { mayThere, siteOf } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { Agent, Client, Grant } from '../../api/types';

export interface Target {
  client_id: string;
  site_id: string;
  label: string;
}

export interface Move {
  moved: Agent[];
  left_out: { text: string; agents: Agent[] }[];
}

// Sites that machines of these clients may be moved to: a machine stays its client's.
export function targetsFor(agents: Agent[], clients: Client[], grants: Grant[]): Target[] {
  const own = new Set(agents.map((agent) => agent.client.id));
  return clients
    .filter((client) => own.has(client.id))
    .flatMap((client) =>
      client.sites.map((site) => ({ client_id: client.id, site_id: site.id, label: `${client.name} / ${site.name}` })),
    )
    .filter((target) => mayThere(grants, rights.moveAgent, target));
}

// What a move touches and what it leaves out, and why.
export function moveOf(agents: Agent[], target: Target, grants: Grant[]): Move {
  const moved: Agent[] = [];
  const reasons = new Map<string, Agent[]>();
  const leaveOut = (agent: Agent, text: string) => reasons.set(text, [...(reasons.get(text) ?? []), agent]);
  for (const agent of agents) {
    if (agent.client.id !== target.client_id) leaveOut(agent, 'belong to another client');
    else if (agent.site.id === target.site_id) leaveOut(agent, 'are there already');
    else if (!mayThere(grants, rights.moveAgent, siteOf(agent))) leaveOut(agent, 'are at a site that you do not administer');
    else moved.push(agent);
  }
  return { moved, left_out: [...reasons].map(([text, left]) => ({ text, agents: left })) };
}
