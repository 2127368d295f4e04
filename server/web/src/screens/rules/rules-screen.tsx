import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';

import { IconArrowLeft } from '../../parts/icons';
import { ScreenHead } from '../../parts/screen-head';
import { IgnoreRules } from './ignore-rules';
import { GroupsPanel } from '../windows/groups-panel';
import { WindowsPanel } from '../windows/windows-panel';
import { Policies } from './policies';

// What decides about updates before anybody looks at one.
export function RulesScreen() {
  return (
    <>
      <ScreenHead
        title="Rules for updates"
        actions={
          <Button component={Link} to="/updates" variant="default" size="xs" leftSection={<IconArrowLeft size={14} />}>
            All updates
          </Button>
        }
      />
      <Policies />
      <WindowsPanel />
      <GroupsPanel />
      <IgnoreRules />
    </>
  );
}
