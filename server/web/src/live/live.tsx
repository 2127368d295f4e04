import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';

import { sendKeptErrors } from '../api/report';
import { keysTouchedBy } from './event';
import { patchLog } from './patch';
import { Refresher } from './refresher';
import { shareStream } from './shared-stream';
import type { StreamStatus } from './stream';

export interface Liveness {
  status: StreamStatus;
  awaySinceMs: number | null;
}

const LivenessContext = createContext<Liveness>({ status: 'connecting', awaySinceMs: null });

// Keeps the answers on the screen true while somebody is signed in.
export function Live({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>({ status: 'connecting', awaySinceMs: null });

  useEffect(() => {
    const refresher = new Refresher(queries);
    const end = shareStream('/api/v1/events', {
      onEvent: (event) => {
        if (event.kind === 'log') patchLog(queries, event.data);
        else refresher.touch(keysTouchedBy(event));
      },
      onStatus: (status) => {
        setLiveness((before) => ({
          status,
          awaySinceMs: status === 'away' ? (before.awaySinceMs ?? Date.now()) : null,
        }));
        if (status === 'live') sendKeptErrors();
        // A stream also ends with the session: if it has, this finds out and the sign-in screen follows.
        if (status === 'away') void queries.refetchQueries({ queryKey: ['session'] });
      },
      onGap: () => refresher.all(),
    });
    return () => {
      end();
      refresher.stop();
    };
  }, [queries]);

  return <LivenessContext value={liveness}>{children}</LivenessContext>;
}

export function useLiveness(): Liveness {
  return useContext(LivenessContext);
}
