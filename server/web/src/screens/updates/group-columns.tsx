import { Link } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';

import type { UpdateGroup, UpdateState } from '../../api/types';
import { count, some } from '../../format/number';
import { kindOf, type Tone } from '../../format/words';
import { Ago } from '../../parts/ago';
import { Bar } from '../../parts/bar';
import { WordTag } from '../../parts/tag';
import classes from './updates.module.css';

export function groupId(group: UpdateGroup): string {
  return [group.manager, group.name, group.arch, group.candidate_version].join('\n');
}

function installedText(versions: string[]): string {
  if (versions.length <= 1) return versions[0] || 'not installed';
  return `${versions[0]} and ${count(versions.length - 1)} more`;
}

// Thirteen states are too many for one cell: those that mean the same to somebody who looks at the fleet are put together.
const together: { text: string; tone: Tone; states: UpdateState[] }[] = [
  { text: 'failed', tone: 'critical', states: ['failed'] },
  { text: 'to confirm', tone: 'warning', states: ['awaiting_confirmation'] },
  { text: 'to order', tone: 'notice', states: ['cleared'] },
  { text: 'on the way', tone: 'info', states: ['approved', 'planned', 'installing', 'installed', 'awaiting_reboot'] },
  { text: 'verified', tone: 'good', states: ['verified'] },
  { text: 'available', tone: 'quiet', states: ['available'] },
  { text: 'ignored', tone: 'unrated', states: ['ignored'] },
  { text: 'closed', tone: 'quiet', states: ['superseded', 'resolved_elsewhere'] },
];

export function sharesOf(states: UpdateGroup['states']) {
  return together
    .map((part) => ({
      key: part.text,
      tone: part.tone,
      states: part.states,
      value: part.states.reduce((sum, state) => sum + (states[state] ?? 0), 0),
    }))
    .filter((share) => share.value > 0);
}

// The address of the machines behind a row, or behind one of its numbers.
function rowsOf({ manager, name, arch, candidate_version: version }: UpdateGroup, state: UpdateState[] | undefined) {
  return { manager, name, arch, version, state };
}

function GroupStates({ group }: { group: UpdateGroup }) {
  const shares = sharesOf(group.states);
  return (
    <div className={classes.shares}>
      <Bar shares={shares} />
      <span>
        {shares.map((share) => (
          <Link key={share.key} to="/updates/rows" search={rowsOf(group, share.states)} data-tone={share.tone}>
            <b className="number">{count(share.value)}</b>
            {` ${share.key}`}
          </Link>
        ))}
      </span>
    </div>
  );
}

// `state` is what the list is filtered by: the rows behind a name are those that were counted.
export function groupColumns(state: UpdateState[] | undefined): ColumnDef<UpdateGroup>[] {
  return [nameColumn(state), ...details];
}

const nameColumn = (state: UpdateState[] | undefined): ColumnDef<UpdateGroup> => ({
  id: 'name',
  header: 'Update',
  meta: { track: 'minmax(10rem, 1.7fr)', card: 'title' },
  cell: ({ row: { original: group } }) => (
    <div className={classes.name}>
      <Link to="/updates/rows" search={rowsOf(group, state)} className="clip" title={group.name} data-row-focus>
        {group.name}
      </Link>
      <span className="clip">{[group.manager, group.arch, group.origin].filter(Boolean).join(' · ')}</span>
    </div>
  ),
});

const details: ColumnDef<UpdateGroup>[] = [
  {
    id: 'kind',
    header: 'Kind',
    meta: { track: 'minmax(9rem, 0.8fr)' },
    cell: ({ row }) => <WordTag word={kindOf(row.original)} />,
  },
  {
    id: 'versions',
    header: 'Versions',
    meta: { track: 'minmax(9rem, 1.4fr)', card: 'line' },
    cell: ({ row: { original: group } }) => (
      <div className={`${classes.versions} mono`}>
        <span className="clip" title={group.installed_versions.join('\n')}>
          {installedText(group.installed_versions)}
        </span>
        <span className="clip" title={group.candidate_version}>
          {`→ ${group.candidate_version}`}
        </span>
      </div>
    ),
  },
  {
    id: 'spread',
    header: 'Where',
    meta: { track: 'minmax(9.5rem, 1fr)' },
    cell: ({ row: { original: group } }) => (
      <div className={classes.name}>
        <span style={{ color: 'inherit', fontSize: 'inherit' }} className="number">
          {some(group.agents, 'machine')}
        </span>
        <span className="number clip">{`${some(group.clients, 'client')} · ${count(group.approvable)} approvable`}</span>
      </div>
    ),
  },
  {
    id: 'states',
    header: 'State',
    meta: { track: 'minmax(11rem, 2fr)', from: 900, card: 'line' },
    cell: ({ row }) => <GroupStates group={row.original} />,
  },
  {
    id: 'age',
    header: 'First seen',
    meta: { track: '6rem', from: 1060, card: 'none' },
    cell: ({ row }) => <Ago at={row.original.first_seen_at} />,
  },
];
