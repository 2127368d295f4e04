import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { clientsQuery, windowsQuery } from '../../api/queries';
import type { MaintenanceWindow } from '../../api/types';
import { minutes } from '../../format/time';
import { EditedList } from '../../parts/edited-list';
import { whereOf } from '../../parts/place-choice';
import { SiteWindows } from './site-windows';
import { WindowDialog } from './window-dialog';
import classes from './windows.module.css';

// When machines may be changed: what is defined, and what that comes to at a site.
export function WindowsPanel() {
  return (
    <EditedList
      title="Maintenance windows"
      note="A machine’s own come first, then those of all its groups, of its site, of its client; where there is none, any time will do"
      needs="approver"
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
          <AtSite />
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
      <Button size="compact-xs" variant="default" aria-label={`Change ${window.name}, ${whereOf(window)}`} onClick={change}>
        Change…
      </Button>
    </li>
  );
}

function AtSite() {
  const clients = useQuery(clientsQuery).data ?? [];
  const sites = clients.flatMap((client) => client.sites.map((site) => ({ value: site.id, label: `${client.name} / ${site.name}` })));
  const [chosen, setChosen] = useState<string | null>(null);
  const site = chosen ?? sites[0]?.value;
  if (site === undefined) return null;
  return (
    <div className={classes.at}>
      <Select label="In force at" searchable data={sites} value={site} allowDeselect={false} onChange={setChosen} />
      <SiteWindows siteId={site} />
    </div>
  );
}
