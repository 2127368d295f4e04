import { Button, SegmentedControl } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';

import type { GroupFilter } from '../../api/queries';

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
