import type { Agent } from '../api/types';
import { count } from '../format/number';
import { Tag } from './tag';

// Both counts, always: what is open, and how much of it nothing blocks now. What is ignored is in neither.
export function UpdateCounts({ agent: { updates, last_scan: scan } }: { agent: Agent }) {
  const ignored = updates.ignored > 0 && <span className="dim number">{`${count(updates.ignored)} ignored`}</span>;
  if (updates.available === 0) {
    if (ignored) return ignored;
    return <span className="dim">{scan === null ? 'not scanned yet' : scan.complete ? 'up to date' : 'none known'}</span>;
  }
  return (
    <span style={{ display: 'inline-flex', flexWrap: 'wrap', alignItems: 'center', gap: '0.2rem 0.5rem' }}>
      <span className="number" title={`${count(updates.installable)} of ${count(updates.available)} can be installed now`}>
        <b>{count(updates.available)}</b>
        <span data-cards-only>{updates.available === 1 ? ' update' : ' updates'}</span>
        {updates.installable < updates.available && (
          <span className="dim">{` (${count(updates.installable)} installable)`}</span>
        )}
      </span>
      {updates.security > 0 && <Tag tone="warning">{`${count(updates.security)} security`}</Tag>}
      {ignored}
    </span>
  );
}
