import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { groupsOfMachinesQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import { some } from '../../format/number';
import { EditedList } from '../../parts/edited-list';
import { GuardedButton } from '../../parts/guarded-button';
import { GroupDialog } from './group-dialog';
import classes from './windows.module.css';

// Machines of a client that people take together, wherever they are.
export function GroupsPanel() {
  return (
    <EditedList
      title="Groups of machines"
      note="Of one client, whatever their sites; each can have maintenance windows, settings of agents and policies"
      needs={rights.createGroup}
      add="Add a group…"
      none="No group."
      query={useQuery(groupsOfMachinesQuery)}
      list={(groups, change) => (
        <ul className={classes.rows} aria-label="Groups of machines">
          {groups.map((group) => (
            <li key={group.id}>
              <span className={classes.head}>
                <b>{group.name}</b>
                <span className="dim">{`${group.client_name} · ${some(group.agents, 'machine')}`}</span>
                <Link to="/profiles" search={{ group_id: group.id }} aria-label={`Settings of the agents of the group ${group.name}`}>
                  Settings
                </Link>
              </span>
              <GuardedButton
                needs={rights.changeGroup}
                at={{ client_id: group.client_id, site_id: '' }}
                size="compact-xs"
                variant="default"
                aria-label={`Change the group ${group.name}`}
                onClick={() => change(group)}
              >
                Change…
              </GuardedButton>
            </li>
          ))}
        </ul>
      )}
      dialog={(group, close) => <GroupDialog group={group} onClose={close} />}
    />
  );
}
