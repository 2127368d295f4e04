import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';

import { sessionQuery, setupQuery, type AgentFilter, type GroupFilter, type RowFilter } from '../api/queries';
import type { Category, CommandState, Session, UpdateState } from '../api/types';
import { categories, command_states, update_states } from '../format/words';
import { Failure } from '../parts/states';
import { oneOf, ownPath, parseSearch, someOf, stringifySearch, text, type RawSearch } from './search';
import { Shell } from './shell';
import { FailedAtTheDoor, NotFound, ScreenSkeleton } from './waiting';

const category_names = Object.keys(categories) as Category[];
const update_state_names = Object.keys(update_states) as UpdateState[];
const command_state_names = Object.keys(command_states) as CommandState[];

const lacksFactor = ({ second_factor: factor }: Session) => factor.required && !factor.enabled;

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet });

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('../screens/setup/setup-screen'), 'SetupScreen'),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (raw: RawSearch): { next?: string | undefined } => ({ next: ownPath(raw.next) }),
  beforeLoad: async ({ context, search }) => {
    if (await context.queries.ensureQueryData(sessionQuery)) throw redirect({ href: search.next ?? '/' });
    if (await context.queries.ensureQueryData(setupQuery)) throw redirect({ to: '/setup' });
  },
  component: lazyRouteComponent(() => import('../screens/sign-in/sign-in-screen'), 'SignInScreen'),
  errorComponent: FailedAtTheDoor,
});

// Whose role asks for a second factor sees nothing else until there is one.
const secondFactor = createRoute({
  getParentRoute: () => root,
  path: '/second-factor',
  beforeLoad: async ({ context }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: '/sign-in', search: {} });
    if (!lacksFactor(session)) throw redirect({ to: '/account' });
  },
  component: lazyRouteComponent(() => import('../screens/account/required-screen'), 'RequiredScreen'),
  errorComponent: FailedAtTheDoor,
});

// Everything a signed-in person sees.
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (session && lacksFactor(session)) throw redirect({ to: '/second-factor' });
    if (session) return;
    throw redirect({ to: '/sign-in', search: { next: location.href === '/' ? undefined : location.href } });
  },
  component: Shell,
  errorComponent: FailedAtTheDoor,
});

const overview = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('../screens/overview/overview-screen'), 'OverviewScreen'),
});

const agents = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents',
  validateSearch: (raw: RawSearch): AgentFilter => ({
    search: text(raw.search),
    connection: oneOf(['connected', 'silent', 'never'], raw.connection),
    breaker: oneOf(['open'], raw.breaker),
    disk: oneOf(['filling'], raw.disk),
    reboot: oneOf(['pending'], raw.reboot),
    identity: oneOf(['needs_a_look', 'active', 'pending', 'cloned', 'restored', 'revoked'], raw.identity),
    config: oneOf(['invalid'], raw.config),
    isolation: oneOf(['weak'], raw.isolation),
    binding: oneOf(['weak'], raw.binding),
    client_id: text(raw.client_id),
    site_id: text(raw.site_id),
    sort: oneOf(
      ['hostname', '-hostname', 'last_seen', '-last_seen', 'updates', '-updates', 'enrolled', '-enrolled'],
      raw.sort,
    ),
  }),
  component: lazyRouteComponent(() => import('../screens/agents/agents-screen'), 'AgentsScreen'),
});

const agent_tabs = ['overview', 'updates', 'records', 'settings', 'metrics', 'history', 'log'] as const;
const metric_periods = ['day', 'week', 'year'] as const;
export type MetricPeriod = (typeof metric_periods)[number];

export interface AgentSearch extends GroupFilter {
  tab?: (typeof agent_tabs)[number] | undefined;
  command?: string | undefined;
  kind?: string | undefined;
  period?: MetricPeriod | undefined;
}

const agent = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents/$agentId',
  validateSearch: (raw: RawSearch): AgentSearch => ({
    tab: oneOf(agent_tabs, raw.tab),
    search: text(raw.search),
    category: oneOf(category_names, raw.category),
    state: someOf(update_state_names, raw.state),
    command: text(raw.command),
    kind: text(raw.kind),
    period: oneOf(metric_periods, raw.period),
  }),
  component: lazyRouteComponent(() => import('../screens/agent/agent-screen'), 'AgentScreen'),
});

const groupSearch = (raw: RawSearch): GroupFilter => ({
  search: text(raw.search),
  category: oneOf(category_names, raw.category),
  state: someOf(update_state_names, raw.state),
});

const updates = createRoute({
  getParentRoute: () => signedIn,
  path: '/updates',
  validateSearch: groupSearch,
  component: lazyRouteComponent(() => import('../screens/updates/updates-screen'), 'UpdatesScreen'),
});

const updateRows = createRoute({
  getParentRoute: () => signedIn,
  path: '/updates/rows',
  validateSearch: (raw: RawSearch): Omit<RowFilter, 'agent_id'> => ({
    ...groupSearch(raw),
    manager: text(raw.manager),
    name: text(raw.name),
    arch: text(raw.arch),
    version: text(raw.version),
    installable: oneOf(['0', '1'], raw.installable),
  }),
  component: lazyRouteComponent(() => import('../screens/updates/update-rows-screen'), 'UpdateRowsScreen'),
});

export interface ProfilesSearch {
  client_id?: string | undefined;
  site_id?: string | undefined;
  group_id?: string | undefined;
}

const profiles = createRoute({
  getParentRoute: () => signedIn,
  path: '/profiles',
  validateSearch: (raw: RawSearch): ProfilesSearch => ({ client_id: text(raw.client_id), site_id: text(raw.site_id), group_id: text(raw.group_id) }),
  component: lazyRouteComponent(() => import('../screens/profiles/profiles-screen'), 'ProfilesScreen'),
});

export interface RulesSearch {
  ended?: '1' | undefined;
}

const rules = createRoute({
  getParentRoute: () => signedIn,
  path: '/updates/rules',
  validateSearch: (raw: RawSearch): RulesSearch => ({ ended: oneOf(['1'], raw.ended) }),
  component: lazyRouteComponent(() => import('../screens/rules/rules-screen'), 'RulesScreen'),
});

export interface OperationsSearch {
  view?: 'confirm' | 'held' | 'finished' | 'all' | undefined;
  state?: CommandState[] | undefined;
  order?: string | undefined;
  type?: string | undefined;
  run?: string | undefined;
}

const operations = createRoute({
  getParentRoute: () => signedIn,
  path: '/operations',
  validateSearch: (raw: RawSearch): OperationsSearch => ({
    view: oneOf(['confirm', 'held', 'finished', 'all'], raw.view),
    state: someOf(command_state_names, raw.state),
    order: text(raw.order),
    type: text(raw.type),
    run: text(raw.run),
  }),
  component: lazyRouteComponent(() => import('../screens/operations/operations-screen'), 'OperationsScreen'),
});

const operation = createRoute({
  getParentRoute: () => signedIn,
  path: '/operations/$commandId',
  component: lazyRouteComponent(() => import('../screens/operations/operation-screen'), 'OperationScreen'),
});

const schedules = createRoute({
  getParentRoute: () => signedIn,
  path: '/schedules',
  component: lazyRouteComponent(() => import('../screens/schedules/schedules-screen'), 'SchedulesScreen'),
});

const schedule = createRoute({
  getParentRoute: () => signedIn,
  path: '/schedules/$scheduleId',
  component: lazyRouteComponent(() => import('../screens/schedules/schedule-screen'), 'ScheduleScreen'),
});

const enrolment = createRoute({
  getParentRoute: () => signedIn,
  path: '/enrolment',
  component: lazyRouteComponent(() => import('../screens/enrolment/enrolment-screen'), 'EnrolmentScreen'),
});

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('../screens/account/account-screen'), 'AccountScreen'),
});

export interface SettingsSearch {
  tab?: 'people' | 'services' | 'places' | undefined;
}

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings',
  validateSearch: (raw: RawSearch): SettingsSearch => ({ tab: oneOf(['people', 'services', 'places'], raw.tab) }),
  component: lazyRouteComponent(() => import('../screens/settings/settings-screen'), 'SettingsScreen'),
});

const audit_kinds = ['people', 'security', 'enrolment', 'command', 'update', 'trust', 'audit'] as const;
const audit_periods = ['day', 'week', 'month'] as const;

export interface AuditSearch {
  actor?: string | undefined;
  client_id?: string | undefined;
  agent_id?: string | undefined;
  kind?: (typeof audit_kinds)[number] | undefined;
  severity?: 'info' | 'warning' | 'error' | undefined;
  period?: (typeof audit_periods)[number] | undefined;
}

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/audit',
  validateSearch: (raw: RawSearch): AuditSearch => ({
    actor: text(raw.actor),
    client_id: text(raw.client_id),
    agent_id: text(raw.agent_id),
    kind: oneOf(audit_kinds, raw.kind),
    severity: oneOf(['info', 'warning', 'error'], raw.severity),
    period: oneOf(audit_periods, raw.period),
  }),
  component: lazyRouteComponent(() => import('../screens/audit/audit-screen'), 'AuditScreen'),
});

const error_sources = ['agent', 'server', 'browser'] as const;

export interface ErrorsSearch {
  source?: (typeof error_sources)[number] | undefined;
  severity?: 'warning' | 'error' | undefined;
  subsystem?: string | undefined;
  code?: string | undefined;
  agent_id?: string | undefined;
  search?: string | undefined;
  period?: (typeof audit_periods)[number] | undefined;
  sort?: 'newest' | 'worst' | undefined;
}

const errors = createRoute({
  getParentRoute: () => signedIn,
  path: '/errors',
  validateSearch: (raw: RawSearch): ErrorsSearch => ({
    source: oneOf(error_sources, raw.source),
    severity: oneOf(['warning', 'error'], raw.severity),
    subsystem: text(raw.subsystem),
    code: text(raw.code),
    agent_id: text(raw.agent_id),
    search: text(raw.search),
    period: oneOf(audit_periods, raw.period),
    sort: oneOf(['newest', 'worst'], raw.sort),
  }),
  component: lazyRouteComponent(() => import('../screens/errors/errors-screen'), 'ErrorsScreen'),
});

const security = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/security',
  component: lazyRouteComponent(() => import('../screens/security/security-screen'), 'SecurityScreen'),
});

const tree = root.addChildren([
  setup,
  signIn,
  secondFactor,
  signedIn.addChildren([overview, agents, agent, profiles, updates, updateRows, rules, operations, operation, schedules, schedule, enrolment, settings, account, audit, errors, security]),
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultPendingMs: 200,
    defaultPendingMinMs: 0,
    defaultPendingComponent: ScreenSkeleton,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
