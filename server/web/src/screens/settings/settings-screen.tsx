import { Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';

import { useMay } from '../../api/permissions';
import { rights } from '../../api/rights';
import type { SettingsSearch } from '../../app/router';
import { ScreenHead } from '../../parts/screen-head';
import { NoPermission } from '../../parts/states';
import { People } from './people';
import { Places } from './places';
import { Services } from './services';

const route = getRouteApi('/app/settings');

export function SettingsScreen() {
  const { tab = 'people' } = route.useSearch();
  const navigate = route.useNavigate();
  const allowed = useMay(rights.listUsers);
  const show = (next: string | null) =>
    void navigate({ search: next === 'people' ? {} : { tab: next as NonNullable<SettingsSearch['tab']> }, replace: true });
  return (
    <>
      <ScreenHead title="Settings" />
      {allowed ? (
        <Tabs value={tab} onChange={show} keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="people">People</Tabs.Tab>
            <Tabs.Tab value="services">Service accounts</Tabs.Tab>
            <Tabs.Tab value="places">Clients and sites</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="people">
            <People />
          </Tabs.Panel>
          <Tabs.Panel value="services">
            <Services />
          </Tabs.Panel>
          <Tabs.Panel value="places">
            <Places />
          </Tabs.Panel>
        </Tabs>
      ) : (
        <NoPermission />
      )}
    </>
  );
}
