
import type { Agent } from '../api/types';
import { identities, identity_advice } from '../format/words';
import { IconAlertTriangle, IconBolt, IconShieldHalf } from './icons';
import { Tag } from './tag';

// Only what is not as it should be.
export function TroubleTags({ agent }: { agent: Agent }) {
  const { state, reason } = agent.identity;
  return (
    <>
      {state !== 'active' && (
        <Tag tone={identities[state].tone} title={`${reason || identities[state].text}. ${identity_advice[state]}`}>
          {identities[state].text}
        </Tag>
      )}
      {agent.breakers_open > 0 && (
        <Tag tone="critical" icon={<IconBolt size={13} />} title="A plugin failed too often and is not run for a while">
          {agent.breakers_open === 1 ? 'Breaker open' : `${agent.breakers_open} breakers open`}
        </Tag>
      )}
      {agent.config.state === 'invalid' && (
        <Tag tone="critical" icon={<IconAlertTriangle size={13} />} title={agent.config.text}>
          Config invalid
        </Tag>
      )}
      {agent.isolation === 'weak' && (
        <Tag tone="notice" icon={<IconShieldHalf size={13} />} title="Some of the walls that a plugin should run behind are missing on this machine">
          Weak isolation
        </Tag>
      )}
    </>
  );
}

// With it, whether the agent may change the machine.
export function AgentTags({ agent }: { agent: Agent }) {
  return (
    <>
      <TroubleTags agent={agent} />
      {agent.mode === 'report' ? (
        <Tag tone="quiet" title="This agent reports; nothing on the machine can be changed through it">
          Report only
        </Tag>
      ) : (
        <Tag tone="info" title="This agent carries out signed orders inside the machine's own policy">
          May act
        </Tag>
      )}
    </>
  );
}
