import { Skeleton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { profileReachQuery } from '../../api/queries';
import type { NewProfile, ProfileReach } from '../../api/types';
import { some } from '../../format/number';
import { driftText, settingText } from './profile-words';
import classes from './profiles.module.css';

const typing_ms = 300;

interface ProfileReachViewProps {
  profile: NewProfile | null; // null: nothing that could be saved
  insteadOf: string | undefined;
}

// What saving it would change, before it is saved. What is wrong with it is said when it is saved.
export function ProfileReachView({ profile, insteadOf }: ProfileReachViewProps) {
  const [settled] = useDebouncedValue(JSON.stringify(profile), typing_ms);
  const asked = JSON.parse(settled) as NewProfile | null;
  const { data, isFetching } = useQuery({
    ...profileReachQuery(asked ?? { name: 'preview', settings: {} }, insteadOf),
    enabled: asked !== null,
  });
  if (asked === null || profile === null) return null;
  return (
    <section className={classes.reach} aria-label="What this would change" aria-busy={isFetching} role="status">
      {data ? <Reach reach={data} /> : isFetching ? <Skeleton height={40} /> : <p>It cannot be saved like this.</p>}
    </section>
  );
}

function Reach({ reach }: { reach: ProfileReach }) {
  if (reach.agents === 0) return <p>No machine would be changed now.</p>;
  return (
    <>
      <p>
        {`Would change ${some(reach.agents, 'machine')}`}
        {reach.refuse > 0 && `; ${some(reach.refuse, 'of them does', 'of them do')} not let it be set, or set it themselves`}
        {'.'}
      </p>
      <ul tabIndex={0} aria-label="The values">
        {reach.values.map((value) => (
          <li key={value.key}>
            <span className="mono">{value.key}</span>
            {`: ${settingText(value.before)} → ${settingText(value.after)} (${driftText(value.drift)})`}
          </li>
        ))}
        {reach.refusing.length > 0 && <li>{`Not on ${reach.refusing.join(', ')}${reach.refuse > reach.refusing.length ? ' and others' : ''}`}</li>}
      </ul>
    </>
  );
}
