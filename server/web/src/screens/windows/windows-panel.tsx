import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { placeOf } from '../../api/permissions';
import { clientsQuery, windowsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { MaintenanceWindow } from '../../api/types';
import { minutes } from '../../format/time';
import { EditedList } from '../../parts/edited-list';
import { GuardedButton } from '../../parts/guarded-button';
import { whereOf } from '../../parts/place-choice';
import { useFoundMachines } from './found-machines';
import { MachineWindows, SiteWindows } from './site-windows';
import { WindowDialog } from './window-dialog';
import classes from './windows.module.css';

// When machines may be changed: what is defined, and what that comes to at a site or for a machine.
export function WindowsPanel() {
  return (
    <EditedList
      title="Maintenance windows"
      note="A machine’s own come first, then those of all its groups, of its site, of its client; where there is none, any time will do"
      needs={rights.createMaintenanceWindow}
      add="Add a window…"
      none="No window: what changes machines is carried out as soon as it is ordered."
      query={useQuery(windowsQuery)}
      list={(windows, change) => (
        <>
          <ul className={classes.rows} aria-label="Maintenance windows">
            {windows.map((window) => (
              <WindowRow key={window.id} window={window} change={() => change(window)} />
            ))}
          </ul>
          <AtPlace />
        </>
      )}
      dialog={(window, close) => <WindowDialog window={window} onClose={close} />}
    />
  );
}

function WindowRow({ window, change }: { window: MaintenanceWindow; change: () => void }) {
  return (
    <li>
      <div className={classes.what}>
        <span className={classes.head}>
          <b>{window.name}</b>
          <span className="dim">{whereOf(window)}</span>
        </span>
        <span>{`${window.when}, for ${minutes(window.length_minutes)}`}</span>
      </div>
      <GuardedButton
        needs={rights.changeMaintenanceWindow}
        at={placeOf(window)}
        size="compact-xs"
        variant="default"
        aria-label={`Change ${window.name}, ${whereOf(window)}`}
        onClick={change}
      >
        Change…
      </GuardedButton>
    </li>
  );
}

interface Chosen {
  value: string;
  label: string;
}

// Sites; machines, once something of a name is typed.
function AtPlace() {
  const clients = useQuery(clientsQuery).data ?? [];
  const sites: Chosen[] = clients.flatMap((client) => client.sites.map((site) => ({ value: `site ${site.id}`, label: `${client.name} / ${site.name}` })));
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [typed, setTyped] = useState('');
  const at = chosen ?? sites[0];
  const machines: Chosen[] = useFoundMachines(typed, at?.label).map((agent) => ({ value: `machine ${agent.id}`, label: agent.hostname }));
  if (at === undefined) return null;
  const listed = [...sites, ...machines];
  const lacking = listed.some((one) => one.value === at.value) ? [] : [at];
  const [kind = '', id = ''] = at.value.split(' ');
  return (
    <div className={classes.at}>
      <Select
        label="In force at"
        description="A site, or a machine by its name"
        searchable
        limit={200}
        data={[
          { group: 'Sites', items: sites },
          { group: 'Machines', items: [...lacking, ...machines] },
        ]}
        value={at.value}
        allowDeselect={false}
        searchValue={typed}
        onSearchChange={setTyped}
        onChange={(next) => setChosen(listed.find((one) => one.value === next) ?? null)}
      />
      {kind === 'machine' ? <MachineWindows agentId={id} /> : <SiteWindows siteId={id} />}
    </div>
  );
}
