import { infiniteQueryOptions, keepPreviousData, queryOptions, skipToken } from '@tanstack/react-query';

import { answerOf, api, rememberCsrfToken } from './client';
import { ApiProblem, isSignedOut } from './problem';
import type { Category, CommandState, NewMaintenanceWindow, NewProfile, Page, ProfileReach, ScheduleWish, Session, UpdateState } from './types';

const page_rows = 200;

export interface AgentFilter {
  search?: string | undefined;
  connection?: 'connected' | 'silent' | 'never' | undefined;
  breaker?: 'open' | undefined;
  disk?: 'filling' | undefined;
  reboot?: 'pending' | undefined;
  config?: 'invalid' | undefined;
  isolation?: 'weak' | undefined;
  binding?: 'weak' | undefined;
  identity?: 'needs_a_look' | 'active' | 'pending' | 'cloned' | 'restored' | 'revoked' | undefined;
  client_id?: string | undefined;
  site_id?: string | undefined;
  sort?: AgentSort | undefined;
}
export type AgentSort =
  | 'hostname' | '-hostname' | 'last_seen' | '-last_seen' | 'updates' | '-updates' | 'enrolled' | '-enrolled';

export interface GroupFilter {
  search?: string | undefined;
  category?: Category | undefined;
  state?: UpdateState[] | undefined;
}

export interface RowFilter extends GroupFilter {
  agent_id?: string | undefined;
  manager?: string | undefined;
  name?: string | undefined;
  arch?: string | undefined;
  version?: string | undefined;
  installable?: '0' | '1' | undefined;
}

export interface CommandFilter {
  agent_id?: string | undefined;
  run_id?: string | undefined;
  order_id?: string | undefined;
  state?: CommandState[] | undefined;
  type?: string | undefined;
}

export interface AuditFilter {
  client_id?: string | undefined;
  agent_id?: string | undefined;
  actor?: string | undefined;
  kind?: string | undefined;
  severity?: 'info' | 'warning' | 'error' | undefined;
  from?: string | undefined;
}

export interface ErrorFilter {
  source?: 'agent' | 'server' | 'browser' | undefined;
  severity?: 'warning' | 'error' | undefined;
  subsystem?: string | undefined;
  code?: string | undefined;
  agent_id?: string | undefined;
  search?: string | undefined;
  from?: string | undefined;
  sort?: 'newest' | 'worst' | undefined;
}

// An absent filter is left out of the address instead of being sent empty.
function given<Filter extends object>(filter: Filter): { [Key in keyof Filter]: Exclude<Filter[Key], undefined> } {
  const entries = Object.entries(filter).filter(
    ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries) as { [Key in keyof Filter]: Exclude<Filter[Key], undefined> };
}

function paged(cursor: string) {
  return cursor === '' ? { limit: page_rows } : { limit: page_rows, cursor };
}

const paging = {
  initialPageParam: '',
  getNextPageParam: (last: Page<unknown>) => last.next_cursor,
  placeholderData: keepPreviousData,
};

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Infinity,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const session = await answerOf(api.GET('/api/v1/session', { signal }));
      rememberCsrfToken(session.csrf_token);
      return session;
    } catch (error) {
      if (isSignedOut(error)) return null;
      throw error;
    }
  },
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: async ({ signal }): Promise<boolean> => {
    try {
      return (await answerOf(api.GET('/api/v1/setup', { signal }))).open;
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return false;
      throw error;
    }
  },
});

export const secondFactorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/account/second-factor', { signal })),
});

export const ownSessionsQuery = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/account/sessions', { signal }))).items,
});

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/overview', { signal })),
});

export const agentsQuery = (filter: AgentFilter) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['agents', given(filter)],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/agents', { signal, params: { query: { ...given(filter), ...paged(pageParam) } } })),
  });

export const agentQuery = (id: string) =>
  queryOptions({
    queryKey: ['agent', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/agents/{id}', { signal, params: { path: { id } } })),
  });

export const historyQuery = (id: string) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['history', id],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/agents/{id}/history', { signal, params: { path: { id }, query: paged(pageParam) } }),
      ),
  });

export const metricsQuery = (id: string, period: 'day' | 'week' | 'year') =>
  queryOptions({
    queryKey: ['metrics', id, period],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/agents/{id}/metrics', { signal, params: { path: { id }, query: { period } } })),
  });

export const recordKindsQuery = (id: string) =>
  queryOptions({
    queryKey: ['record-kinds', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/agents/{id}/record-kinds', { signal, params: { path: { id } } })),
  });

export const recordsQuery = (id: string, kind: string, search: string | undefined) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['records', id, kind, search ?? ''],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/agents/{id}/records', {
          signal,
          params: { path: { id }, query: { kind, ...given({ search }), ...paged(pageParam) } },
        }),
      ),
  });

export const groupsQuery = (filter: GroupFilter) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['update-groups', given(filter)],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/updates', { signal, params: { query: { ...given(filter), ...paged(pageParam) } } })),
  });

export const rowsQuery = (filter: RowFilter) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['updates', given(filter)],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/updates/rows', { signal, params: { query: { ...given(filter), ...paged(pageParam) } } }),
      ),
  });

// How many rows a filter leaves, without fetching them.
export const rowCountQuery = (filter: RowFilter) =>
  queryOptions({
    queryKey: ['updates', 'count', given(filter)],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/api/v1/updates/rows', { signal, params: { query: { ...given(filter), limit: 1 } } })))
        .total,
  });

export const updateQuery = (id: string) =>
  queryOptions({
    queryKey: ['update', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/updates/{id}', { signal, params: { path: { id } } })),
  });

export const errorsQuery = (filter: ErrorFilter) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['errors', 'list', given(filter)],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/errors', { signal, params: { query: { ...given(filter), ...paged(pageParam) } } })),
  });

export const errorQuery = (id: string, agent_id: string | undefined) =>
  queryOptions({
    queryKey: ['errors', 'one', id, agent_id ?? ''],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/errors/{id}', { signal, params: { path: { id }, query: agent_id ? { agent_id } : {} } })),
  });

export const ignoreRulesQuery = (state: 'active' | 'ended') =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['ignore-rules', state],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/ignore-rules', {
          signal,
          params: { query: { state: state === 'active' ? ['active'] : ['lifted', 'expired'], ...paged(pageParam) } },
        }),
      ),
  });

export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/approval-policies', { signal }))).items,
});

export const profilesQuery = queryOptions({
  queryKey: ['profiles', 'list'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/profiles', { signal }))).items,
});

export const placeSettingsQuery = (place: { client_id?: string | undefined; site_id?: string | undefined; group_id?: string | undefined }) =>
  queryOptions({
    queryKey: ['profiles', 'place', given(place)],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/profiles/place', { signal, params: { query: given(place) } })),
  });

export const agentSettingsQuery = (id: string) =>
  queryOptions({
    queryKey: ['profiles', 'agent', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/agents/{id}/settings', { signal, params: { path: { id } } })),
  });

export const settingsSchemaQuery = queryOptions({
  queryKey: ['settings-schema'],
  staleTime: 300_000,
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/profiles/schema', { signal }))).schema,
});

// Saves nothing: what saving it would change.
export const profileReachQuery = (profile: NewProfile, instead_of: string | undefined) =>
  queryOptions({
    queryKey: ['profile-reach', profile, instead_of],
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: async ({ signal }) => {
      const query = instead_of === undefined ? { preview: '1' as const } : { preview: '1' as const, instead_of };
      return (await answerOf(api.POST('/api/v1/profiles', { signal, params: { query }, body: profile }))) as ProfileReach;
    },
  });

export const commandsQuery = (filter: CommandFilter) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['commands', given(filter)],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/commands', { signal, params: { query: { ...given(filter), ...paged(pageParam) } } })),
  });

export const heldOrdersQuery = infiniteQueryOptions({
  ...paging,
  queryKey: ['commands', 'held'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/held-orders', { signal, params: { query: paged(pageParam) } })),
});

export const commandQuery = (id: string) =>
  queryOptions({
    queryKey: ['command', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/commands/{id}', { signal, params: { path: { id } } })),
  });

export const commandTypesQuery = queryOptions({
  queryKey: ['command-types'],
  staleTime: 300_000,
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/command-types', { signal }))).items,
});

export const schedulesQuery = infiniteQueryOptions({
  ...paging,
  queryKey: ['schedules'],
  queryFn: ({ signal, pageParam }) => answerOf(api.GET('/api/v1/schedules', { signal, params: { query: paged(pageParam) } })),
});

export const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: ['schedule', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/schedules/{id}', { signal, params: { path: { id } } })),
  });

export const scheduleRunsQuery = (id: string) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['schedule-runs', id],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/schedules/{id}/runs', { signal, params: { path: { id }, query: paged(pageParam) } })),
  });

// Saves nothing: what saving it would mean.
export const forecastQuery = (wish: ScheduleWish) =>
  queryOptions({
    queryKey: ['forecast', wish],
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: ({ signal }) =>
      answerOf(api.POST('/api/v1/schedules/preview', { signal, params: { query: { occurrences: 5 } }, body: wish })),
  });

export const groupsOfMachinesQuery = queryOptions({
  queryKey: ['machine-groups'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/groups', { signal }))).items,
});

export const groupOfMachinesQuery = (id: string) =>
  queryOptions({
    queryKey: ['machine-group', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/groups/{id}', { signal, params: { path: { id } } })),
  });

export const windowsQuery = queryOptions({
  queryKey: ['windows'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/maintenance-windows', { signal }))).items,
});

export const windowsOfSiteQuery = (id: string) =>
  queryOptions({
    queryKey: ['site-windows', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/sites/{id}/maintenance-windows', { signal, params: { path: { id } } })),
  });

export const windowsOfAgentQuery = (id: string) =>
  queryOptions({
    queryKey: ['site-windows', 'agent', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/agents/{id}/maintenance-windows', { signal, params: { path: { id } } })),
  });

// Saves nothing: when it would open. null: nothing is asked.
export const windowForecastQuery = (wish: NewMaintenanceWindow | null) =>
  queryOptions({
    queryKey: ['window-forecast', wish],
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: wish === null ? skipToken : ({ signal }) => answerOf(api.POST('/api/v1/maintenance-windows/preview', { signal, body: wish })),
  });

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/enrolment-tokens', { signal }))).items,
});

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/users', { signal }))).items,
});

export const servicesQuery = queryOptions({
  queryKey: ['service-accounts'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/service-accounts', { signal }))).items,
});

export const clientsQuery = queryOptions({
  queryKey: ['clients'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/clients', { signal }))).items,
});

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    ...paging,
    queryKey: ['audit', given(filter)],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/audit', { signal, params: { query: { ...given(filter), ...paged(pageParam) } } })),
  });

export const auditHeadQuery = queryOptions({
  queryKey: ['audit-head'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/audit/head', { signal })),
});

export const securityQuery = queryOptions({
  queryKey: ['security'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/security', { signal })),
});

export const secondPersonRulesQuery = queryOptions({
  queryKey: ['second-person-rules'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/second-person-rules', { signal }))).items,
});

export const rateLimitsQuery = queryOptions({
  queryKey: ['rate-limits'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/rate-limits', { signal }))).items,
});
