import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { commandQuery } from '../../api/queries';
import type { CommandDetail } from '../../api/types';
import { command_states } from '../../format/words';
import { CommandProgress } from '../../parts/command-progress';
import { Facts, Panel } from '../../parts/panel';
import { WordTag } from '../../parts/tag';

// What the server has ordered so that the window is for this command alone. It moves on while this one waits.
export function Preparation({ ordered }: { ordered: NonNullable<CommandDetail['preparation']> }) {
  const { data } = useQuery(commandQuery(ordered.command_id));
  const { state, reason } = data ?? ordered;
  return (
    <Panel title="Beforehand" action={data && <CommandProgress command={data} />}>
      <Facts
        facts={[
          [
            ordered.title,
            <Link key="link" to="/operations/$commandId" params={{ commandId: ordered.command_id }}>
              <WordTag word={command_states[state]} />
            </Link>,
          ],
          ...(reason ? [['Why', reason.text] as [string, React.ReactNode]] : []),
        ]}
      />
    </Panel>
  );
}
