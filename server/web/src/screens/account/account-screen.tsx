import { useQuery } from '@tanstack/react-query';

import { sessionQuery } from '../../api/queries';
import { roles } from '../../format/words';
import { ScreenHead } from '../../parts/screen-head';
import { Tag } from '../../parts/tag';
import { Password } from './password';
import { SecondFactor } from './second-factor';
import { Sessions } from './sessions';

export function AccountScreen() {
  const { data: session } = useQuery(sessionQuery);
  return (
    <>
      <ScreenHead
        title="Account"
        tags={
          session && (
            <>
              <Tag tone="info">{session.user.username}</Tag>
              <Tag tone="quiet">{roles[session.user.role]}</Tag>
            </>
          )
        }
      />
      <Password />
      <SecondFactor />
      <Sessions />
    </>
  );
}
