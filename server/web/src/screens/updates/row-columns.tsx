import { UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useState } from 'react';

import type { Update } from '../../api/types';
import { bytes, some } from '../../format/number';
import { kindOf, sentence, update_states } from '../../format/words';
import { readableTimes } from '../../format/time';
import { Ago } from '../../parts/ago';
import { Tag, WordTag } from '../../parts/tag';
import { EvidenceDialog, questionOf } from './evidence-dialog';
import classes from './updates.module.css';

// Who or what it waits for, or how it was closed. The server knows; no screen guesses.
export function whyOf(update: Update): string | null {
  if (update.waiting_for) return readableTimes(sentence(update.waiting_for));
  return update.reason ? update.reason.text : null;
}

export function Standing({ update }: { update: Update }) {
  const word = update_states[update.state];
  const why = whyOf(update);
  return (
    <div className={classes.state}>
      {update.command_id ? (
        <Link to="/operations/$commandId" params={{ commandId: update.command_id }} title="To its command">
          <WordTag word={word} />
        </Link>
      ) : (
        <WordTag word={word} />
      )}
      {why && <span>{why}</span>}
      {update.next && <span>{readableTimes(`Then: ${update.next}`)}</span>}
      <Question update={update} />
    </div>
  );
}

function Question({ update }: { update: Update }) {
  const [open, setOpen] = useState(false);
  const question = questionOf(update);
  if (question === null) return null;
  return (
    <>
      <UnstyledButton className={classes.question} aria-label={`${question} ${update.name} on ${update.hostname}`} onClick={() => setOpen(true)}>
        {question}
      </UnstyledButton>
      {open && <EvidenceDialog update={update} onClose={() => setOpen(false)} />}
    </>
  );
}

function Versions({ update }: { update: Update }) {
  return (
    <div className={`${classes.versions} mono`}>
      <span className="clip" title={update.installed_version}>
        {update.installed_version || 'not installed'}
      </span>
      <span className="clip" title={update.candidate_version}>
        {`→ ${update.candidate_version}`}
      </span>
    </div>
  );
}

const machine: ColumnDef<Update> = {
  id: 'machine',
  header: 'Machine',
  meta: { track: 'minmax(9rem, 1.3fr)', card: 'title' },
  cell: ({ row: { original: update } }) => (
    <div className={classes.name}>
      <Link
        to="/agents/$agentId"
        params={{ agentId: update.agent_id }}
        search={{ tab: 'updates' }}
        className={classes.host}
        title={update.hostname}
        data-row-focus
      >
        {update.hostname}
      </Link>
    </div>
  ),
};

function packageColumn(card: 'title' | 'line'): ColumnDef<Update> {
  return {
    id: 'name',
    header: 'Update',
    meta: { track: 'minmax(9rem, 1.4fr)', card },
    cell: ({ row: { original: update } }) => (
      <div className={classes.name}>
        <span
          style={{ color: 'inherit', fontSize: 'inherit', fontWeight: 570 }}
          className="clip"
          title={update.name}
          {...(card === 'title' ? { 'data-row-focus': true, tabIndex: -1 } : {})}
        >
          {update.name}
        </span>
        <span className="clip" title={update.origin}>
          {[update.manager, update.arch, update.origin].filter(Boolean).join(' · ')}
        </span>
      </div>
    ),
  };
}

function Advisories({ update: { advisories, cves } }: { update: Update }) {
  if (advisories.length + cves.length === 0) return null;
  const shown = [advisories[0], advisories.length > 1 && `+${advisories.length - 1}`, cves.length > 0 && some(cves.length, 'CVE')];
  return (
    <span className="clip" title={[...advisories, ...cves].join('\n')}>
      {shown.filter(Boolean).join(' · ')}
    </span>
  );
}

const kind: ColumnDef<Update> = {
  id: 'kind',
  header: 'Kind',
  meta: { track: 'minmax(9rem, 0.8fr)' },
  cell: ({ row: { original: update } }) => (
    <div className={classes.kind}>
      <WordTag word={kindOf(update)} />
      <Advisories update={update} />
    </div>
  ),
};

const state: ColumnDef<Update> = {
  id: 'state',
  header: 'State',
  meta: { track: 'minmax(10rem, 1.7fr)', card: 'line' },
  cell: ({ row }) => <Standing update={row.original} />,
};

const details: ColumnDef<Update>[] = [
  {
    id: 'versions',
    header: 'Versions',
    meta: { track: 'minmax(8rem, 1.2fr)', card: 'line' },
    cell: ({ row }) => <Versions update={row.original} />,
  },
  state,
  {
    id: 'size',
    header: 'Download',
    meta: { track: '5.5rem', from: 1240, card: 'none', align: 'end' },
    cell: ({ row: { original: update } }) => (
      <span className="number dim">{update.download_bytes === null ? '' : bytes(update.download_bytes)}</span>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    meta: { track: '6rem', from: 970, card: 'inline' },
    cell: ({ row: { original: update } }) => (
      <span style={{ display: 'inline-flex', flexWrap: 'wrap', gap: '0.25rem' }}>
        <Ago at={update.state_since} />
        {update.needs_reboot && <Tag tone="notice">reboot</Tag>}
      </span>
    ),
  },
];

export const row_columns: ColumnDef<Update>[] = [machine, packageColumn('line'), kind, ...details];
export const one_agent_columns: ColumnDef<Update>[] = [packageColumn('title'), kind, ...details];
export const one_update_columns: ColumnDef<Update>[] = [machine, ...details];
