import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { isAway, isForbidden, isSignedOut } from './problem';

// `onSignedOut` is told when an answer says that the session has ended.
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (isSignedOut(error)) onSignedOut();
  };
  const onRefused = (error: unknown) => {
    onError(error);
    // Another tab may have signed in anew since: role and CSRF token are read again, and the next try has them.
    if (isForbidden(error)) void client.refetchQueries({ queryKey: ['session'] });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError: onRefused }),
    defaultOptions: {
      queries: {
        staleTime: 30_000, // the event stream says sooner if something changed
        networkMode: 'always', // "offline" is for the server to say: it may run on this very machine
        retry: (failures, error) => isAway(error) && failures < 2,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  return client;
}
