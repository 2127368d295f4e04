import './app/mantine.css';
import 'virtual:theme.css';
import './app/tokens.css';

import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { ApiProblem, Unreachable } from './api/problem';
import { sessionQuery } from './api/queries';
import { makeQueryClient } from './api/query-client';
import { report, watchErrors } from './api/report';
import { makeRouter } from './app/router';
import { theme } from './app/theme';

const queries = makeQueryClient(() => queries.setQueryData(sessionQuery.queryKey, null));
const router = makeRouter(queries);
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');

// What the server refused or did not answer is said on the screen; only what nobody expected is for the console, and is told.
function onCaughtError(error: unknown): void {
  if (error instanceof ApiProblem || error instanceof Unreachable) return;
  console.error(error);
  report(error);
}

watchErrors();
createRoot(root, { onCaughtError }).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager()}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
