import type { Agent } from '../api/types';
import { count } from '../format/number';
import { Tag } from './tag';

// Both counts, always: what is available, and how much of it nothing blocks now.
export function UpdateCounts({ updates }: { updates: Agent['updates'] }) {
  if (updates.available === 0) return <span className="dim">up to date</span>;
  return (
    <span style={{ display: 'inline-flex', flexWrap: 'wrap', alignItems: 'center', gap: '0.2rem 0.5rem' }}>
      <span className="number" title={`${count(updates.installable)} of ${count(updates.available)} can be installed now`}>
        <b>{count(updates.installable)}</b>
        <span className="dim">
          {` of ${count(updates.available)}`}
          <span data-cards-only>{' installable'}</span>
        </span>
      </span>
      {updates.security > 0 && <Tag tone="warning">{`${count(updates.security)} security`}</Tag>}
    </span>
  );
}
