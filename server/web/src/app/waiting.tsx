import { Button, Skeleton, Stack } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { Link, useRouter } from '@tanstack/react-router';

import { Door } from '../parts/door';
import { IconMapSearch } from '../parts/icons';
import { Failure, State } from '../parts/states';

export function ScreenSkeleton() {
  return (
    <Stack gap="md" p="md" role="status" aria-label="Loading">
      <Skeleton height={24} width={180} />
      <Skeleton height={160} />
      <Skeleton height={90} />
    </Stack>
  );
}

const ask_again_ms = 5000;

// Nothing can be drawn before the server has said who is signed in. It is asked again by itself.
export function FailedAtTheDoor({ error }: { error: unknown }) {
  const router = useRouter();
  const again = () => void router.invalidate();
  useInterval(again, ask_again_ms, { autoInvoke: true });
  return (
    <Door title="RedFlag cannot be opened">
      <Failure error={error} retry={again} />
    </Door>
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
