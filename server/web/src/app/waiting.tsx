import { Button, Skeleton, Stack } from '@mantine/core';
import { IconMapSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';

import { Door } from '../parts/door';
import { State } from '../parts/states';

export function ScreenSkeleton() {
  return (
    <Stack gap="md" p="md" role="status" aria-label="Loading">
      <Skeleton height={24} width={180} />
      <Skeleton height={160} />
      <Skeleton height={90} />
    </Stack>
  );
}

export function NotFound() {
  return (
    <Door title="Not found">
      <State title="There is nothing at this address" icon={<IconMapSearch size={32} stroke={1.5} />} />
      <Button component={Link} to="/" variant="default">
        To the overview
      </Button>
    </Door>
  );
}
