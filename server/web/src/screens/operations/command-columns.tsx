import { Link } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';

import type { Command } from '../../api/types';
import { some } from '../../format/number';
import { cancel_asked, command_states } from '../../format/words';
import { Ago } from '../../parts/ago';
import { CommandProgress } from '../../parts/command-progress';
import { WordTag } from '../../parts/tag';
import { CommandButtons } from './command-buttons';
import classes from './operations.module.css';

export const command_columns: ColumnDef<Command>[] = [
  {
    id: 'title',
    header: 'Command',
    meta: { track: 'minmax(10rem, 1.6fr)', card: 'title' },
    cell: ({ row: { original: command } }) => (
      <div className={classes.name}>
        <Link
          to="/operations/$commandId"
          params={{ commandId: command.id }}
          className="clip"
          title={command.type}
          data-row-focus
        >
          {command.title}
        </Link>
        {command.retry_of && <span className="clip">again, after an earlier try</span>}
      </div>
    ),
  },
  {
    id: 'machine',
    header: 'Machine',
    meta: { track: 'minmax(8rem, 1.2fr)' },
    cell: ({ row: { original: command } }) => (
      <div className="clip">
        <Link to="/agents/$agentId" params={{ agentId: command.agent_id }} className={classes.quiet} title={command.hostname}>
          {command.hostname}
        </Link>
      </div>
    ),
  },
  {
    id: 'state',
    header: 'State',
    meta: { track: 'minmax(11rem, 2fr)', card: 'line' },
    cell: ({ row: { original: command } }) => (
      <div className={classes.state}>
        <WordTag word={command_states[command.state]} />
        {command.state === 'scheduled' && command.window ? (
          <span className="break dim" title={command.window.text}>
            {command.window.missed > 0 && `${some(command.window.missed, 'window')} missed; `}
            {command.window.opens_at ? (
              <>
                {'opens '}
                <Ago at={command.window.opens_at} />
              </>
            ) : (
              'none opens again'
            )}
          </span>
        ) : command.reason ? (
          <span className="break dim" title={command.reason.code}>
            {command.reason.text}
          </span>
        ) : (
          <div>
            {command.cancel_asked && <span className="break dim">{cancel_asked}</span>}
            <CommandProgress command={command} />
          </div>
        )}
      </div>
    ),
  },
  {
    id: 'actor',
    header: 'By',
    meta: { track: 'minmax(4.5rem, 0.6fr)', from: 830, card: 'inline' },
    cell: ({ row }) => <div className="clip dim">{row.original.actor}</div>,
  },
  {
    id: 'since',
    header: 'Since',
    meta: { track: '6.5rem' },
    cell: ({ row }) => <Ago at={row.original.state_since} />,
  },
  {
    id: 'action',
    header: 'Action',
    meta: { track: '4.5rem', align: 'end' },
    cell: ({ row }) => (
      <div className={classes.actions}>
        <CommandButtons command={row.original} />
      </div>
    ),
  },
];
