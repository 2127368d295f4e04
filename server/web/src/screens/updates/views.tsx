import { Button, SegmentedControl } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';

import type { GroupFilter } from '../../api/queries';
import { IconCircleCheck } from '../../parts/icons';
import { State } from '../../parts/states';

// The same updates, one row for all machines or one for each; and what decides about them.
export function Views({ shown, filter }: { shown: 'updates' | 'machines'; filter: GroupFilter }) {
  const navigate = useNavigate();
  const search = { search: filter.search, category: filter.category, state: filter.state };
  return (
    <>
    <Button component={Link} to="/updates/rules" variant="default" size="xs">
      Rules
    </Button>
    <SegmentedControl
      size="xs"
      aria-label="One row for each"
      value={shown}
      data={[
        { value: 'updates', label: 'By update' },
        { value: 'machines', label: 'By machine' },
      ]}
      onChange={(view) => void navigate({ to: view === 'updates' ? '/updates' : '/updates/rows', search })}
    />
    </>
  );
}

export function NothingToUpdate() {
  return (
    <State title="No update is known" icon={<IconCircleCheck size={36} stroke={1.4} />}>
      <p>Either every machine is up to date, or none has finished its first scan.</p>
    </State>
  );
}
