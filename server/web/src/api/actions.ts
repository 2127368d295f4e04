import { answerOf, api, rememberCsrfToken } from './client';
import type {
  AccountChange,
  Agent,
  Approval,
  Client,
  Command,
  Grant,
  IgnoreReach,
  GroupDetail,
  GroupTerms,
  MaintenanceWindow,
  MaintenanceWindowTerms,
  NewApiToken,
  NewEnrolmentToken,
  NewIgnoreRule,
  NewGroup,
  NewMaintenanceWindow,
  NewPolicy,
  NewProfile,
  NewSecondFactor,
  Policy,
  PolicyReach,
  PolicyTerms,
  ProfileWish,
  RateLimit,
  RebindBundle,
  Schedule,
  ScheduleWish,
  SecondPersonRule,
  ServiceAccount,
  Session,
  Site,
  UpdateGroupKey,
  User,
} from './types';

// What changes something. A key names one intention: the same key twice is one order, so a retry is safe.
export function newIntention(): string {
  return crypto.randomUUID();
}

export type ApprovalTarget = { group: UpdateGroupKey } | { update_ids: string[] };

// null: the password is right, and the code of the second factor is still asked for.
export async function signIn(username: string, password: string): Promise<Session | null> {
  const answer = await answerOf(api.POST('/api/v1/session', { body: { username, password } }));
  if (!('csrf_token' in answer)) return null;
  rememberCsrfToken(answer.csrf_token);
  return answer;
}

export async function signInByCode(code: string): Promise<Session> {
  const session = await answerOf(api.POST('/api/v1/session/second-factor', { body: { code } }));
  rememberCsrfToken(session.csrf_token);
  return session;
}

export async function stepUp(proof: { password: string } | { code: string }): Promise<void> {
  await answerOf(api.POST('/api/v1/session/step-up', { body: proof }));
}

export function beginSecondFactor(): Promise<NewSecondFactor> {
  return answerOf(api.POST('/api/v1/account/second-factor'));
}

export async function confirmSecondFactor(code: string): Promise<string[]> {
  return (await answerOf(api.POST('/api/v1/account/second-factor/confirm', { body: { code } }))).recovery_codes;
}

export async function renewRecoveryCodes(code: string): Promise<string[]> {
  return (await answerOf(api.POST('/api/v1/account/second-factor/recovery-codes', { body: { code } }))).recovery_codes;
}

export async function turnSecondFactorOff(password: string, code: string): Promise<void> {
  await answerOf(api.POST('/api/v1/account/second-factor/off', { body: { password, code } }));
}

export async function endSession(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/account/sessions/{id}', { params: { path: { id } } }));
}

export async function signOutEverywhere(): Promise<void> {
  await answerOf(api.DELETE('/api/v1/account/sessions'));
  rememberCsrfToken('');
}

export async function signOut(): Promise<void> {
  await answerOf(api.DELETE('/api/v1/session'));
  rememberCsrfToken('');
}

export async function setUp(token: string, username: string, password: string): Promise<Session> {
  const session = await answerOf(api.POST('/api/v1/setup', { body: { token, username, password } }));
  rememberCsrfToken(session.csrf_token);
  return session;
}

export function previewApproval(target: ApprovalTarget): Promise<Approval> {
  return answerOf(api.POST('/api/v1/approvals', { params: { query: { preview: '1' } }, body: target }));
}

// `outside`: why it waits for no maintenance window; null: it waits.
export function approve(target: ApprovalTarget, intention: string, outside: string | null = null): Promise<Approval> {
  const body = outside === null ? target : { ...target, outside_window: outside };
  return answerOf(api.POST('/api/v1/approvals', { params: { header: { 'Idempotency-Key': intention } }, body }));
}

export function previewIgnoring(rule: NewIgnoreRule): Promise<IgnoreReach> {
  return answerOf(api.POST('/api/v1/ignore-rules', { params: { query: { preview: '1' } }, body: rule })) as Promise<IgnoreReach>;
}

export async function ignoreUpdates(rule: NewIgnoreRule): Promise<void> {
  await answerOf(api.POST('/api/v1/ignore-rules', { body: rule }));
}

export async function liftRule(id: string): Promise<void> {
  await answerOf(api.POST('/api/v1/ignore-rules/{id}/lift', { params: { path: { id } } }));
}

// `instead_of`: the id of the policy that would be changed.
export function previewPolicy(policy: NewPolicy, instead_of: string | undefined): Promise<PolicyReach> {
  const query = instead_of === undefined ? { preview: '1' as const } : { preview: '1' as const, instead_of };
  return answerOf(api.POST('/api/v1/approval-policies', { params: { query }, body: policy })) as Promise<PolicyReach>;
}

export async function addPolicy(policy: NewPolicy): Promise<void> {
  await answerOf(api.POST('/api/v1/approval-policies', { body: policy }));
}

export async function changePolicy(id: string, terms: PolicyTerms): Promise<void> {
  await answerOf(api.PUT('/api/v1/approval-policies/{id}', { params: { path: { id } }, body: terms }));
}

// `changed_at`: of what whoever approves has looked at.
export async function approvePolicy({ id, changed_at }: Policy, reason: string): Promise<void> {
  await answerOf(api.POST('/api/v1/approval-policies/{id}/approve', { params: { path: { id } }, body: { reason, changed_at } }));
}

export async function withdrawPolicyApproval(id: string): Promise<void> {
  await answerOf(api.POST('/api/v1/approval-policies/{id}/withdraw-approval', { params: { path: { id } } }));
}

export async function approveSchedule({ id, changed_at }: Schedule, reason: string): Promise<void> {
  await answerOf(api.POST('/api/v1/schedules/{id}/approve', { params: { path: { id } }, body: { reason, changed_at } }));
}

export async function withdrawScheduleApproval(id: string): Promise<void> {
  await answerOf(api.POST('/api/v1/schedules/{id}/withdraw-approval', { params: { path: { id } } }));
}

export async function removePolicy(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/approval-policies/{id}', { params: { path: { id } } }));
}

export async function addProfile(profile: NewProfile): Promise<void> {
  await answerOf(api.POST('/api/v1/profiles', { body: profile }));
}

export async function changeProfile(id: string, wish: ProfileWish): Promise<void> {
  await answerOf(api.PUT('/api/v1/profiles/{id}', { params: { path: { id } }, body: wish }));
}

export async function removeProfile(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/profiles/{id}', { params: { path: { id } } }));
}

export async function orderCommand(
  type: string,
  agentIds: string[],
  parameters: Record<string, unknown>,
  intention: string,
  outside: string | null = null, // why it waits for no maintenance window
): Promise<Command[]> {
  const body = { type, agent_ids: agentIds, parameters, ...(outside === null ? {} : { outside_window: outside }) };
  return (await answerOf(api.POST('/api/v1/commands', { params: { header: { 'Idempotency-Key': intention } }, body })))
    .items;
}

export function scanNow(agentId: string, intention: string): Promise<Command[]> {
  return orderCommand('scan', [agentId], {}, intention);
}

export function cancelCommand(id: string): Promise<Command> {
  return answerOf(api.POST('/api/v1/commands/{id}/cancel', { params: { path: { id } } }));
}

export function confirmPlan(id: string): Promise<Command> {
  return answerOf(api.POST('/api/v1/commands/{id}/confirm', { params: { path: { id } } }));
}

export function retryCommand(id: string): Promise<Command> {
  return answerOf(api.POST('/api/v1/commands/{id}/retry', { params: { path: { id } } }));
}

// Both answer how many machines' orders they were about.
export async function approveHeldOrder(id: string, reason: string): Promise<number> {
  const params = { path: { id } };
  return (await answerOf(api.POST('/api/v1/held-orders/{id}/approve', { params, body: { reason } }))).commands;
}

export async function declineHeldOrder(id: string, reason: string): Promise<number> {
  const params = { path: { id } };
  return (await answerOf(api.POST('/api/v1/held-orders/{id}/decline', { params, body: { reason } }))).commands;
}

export function setSecondPersonRule(risk: SecondPersonRule['risk'], machines: number): Promise<SecondPersonRule> {
  return answerOf(api.PUT('/api/v1/second-person-rules/{risk}', { params: { path: { risk } }, body: { machines } }));
}

// `document`: which holder of its state is the agent from now on; '' where there is only one.
export async function acceptAgent(id: string, reason: string, document: string): Promise<void> {
  const body = { reason, ...(document === '' ? {} : { document }) };
  await answerOf(api.POST('/api/v1/agents/{id}/accept', { params: { path: { id } }, body }));
}

// Answers how many of them were not restored any more.
export async function acceptRestored(agentIds: string[], reason: string): Promise<number> {
  return (await answerOf(api.POST('/api/v1/agents/accept', { body: { agent_ids: agentIds, reason } }))).skipped.length;
}

export function moveAgent(id: string, siteId: string): Promise<Agent> {
  return answerOf(api.PUT('/api/v1/agents/{id}/site', { params: { path: { id } }, body: { site_id: siteId } }));
}

export async function revokeAgent(id: string, reason: string): Promise<void> {
  await answerOf(api.POST('/api/v1/agents/{id}/revoke', { params: { path: { id } }, body: { reason } }));
}

export function rebindAgent(id: string, reason: string): Promise<RebindBundle> {
  return answerOf(api.POST('/api/v1/agents/{id}/rebind', { params: { path: { id } }, body: { reason } }));
}

export function createToken(
  seats: number,
  expiresInS: number,
  siteId: string | null,
  accept: 'auto' | 'manual',
): Promise<NewEnrolmentToken> {
  const body = { seats, expires_in_s: expiresInS, accept, ...(siteId === null ? {} : { site_id: siteId }) };
  return answerOf(api.POST('/api/v1/enrolment-tokens', { body }));
}

export async function revokeToken(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/enrolment-tokens/{id}', { params: { path: { id } } }));
}

// Ends every session of this person; the answer is a new one.
export async function changePassword(old_password: string, new_password: string): Promise<Session> {
  const session = await answerOf(api.PUT('/api/v1/session/password', { body: { old_password, new_password } }));
  rememberCsrfToken(session.csrf_token);
  return session;
}

export function addUser(username: string, password: string, grants: Grant[]): Promise<User> {
  return answerOf(api.POST('/api/v1/users', { body: { username, password, grants } }));
}

export function changeUser(id: string, change: AccountChange): Promise<User> {
  return answerOf(api.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body: change }));
}

export async function removeUser(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/users/{id}', { params: { path: { id } } }));
}

export async function setUserPassword(id: string, password: string): Promise<void> {
  await answerOf(api.PUT('/api/v1/users/{id}/password', { params: { path: { id } }, body: { password } }));
}

export async function resetSecondFactor(id: string): Promise<void> {
  await answerOf(api.POST('/api/v1/users/{id}/second-factor/reset', { params: { path: { id } } }));
}

export function addService(name: string, grants: Grant[]): Promise<ServiceAccount> {
  return answerOf(api.POST('/api/v1/service-accounts', { body: { name, grants } }));
}

export function changeService(id: string, change: AccountChange): Promise<ServiceAccount> {
  return answerOf(api.PATCH('/api/v1/service-accounts/{id}', { params: { path: { id } }, body: change }));
}

export async function removeService(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/service-accounts/{id}', { params: { path: { id } } }));
}

export function addApiToken(accountId: string, name: string, expiresInS: number): Promise<NewApiToken> {
  const body = { name, expires_in_s: expiresInS };
  return answerOf(api.POST('/api/v1/service-accounts/{id}/tokens', { params: { path: { id: accountId } }, body }));
}

export async function revokeApiToken(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/api-tokens/{id}', { params: { path: { id } } }));
}

export function addClient(name: string): Promise<Client> {
  return answerOf(api.POST('/api/v1/clients', { body: { name } }));
}

export function renameClient(id: string, name: string): Promise<Client> {
  return answerOf(api.PATCH('/api/v1/clients/{id}', { params: { path: { id } }, body: { name } }));
}

export async function removeClient(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/clients/{id}', { params: { path: { id } } }));
}

export function addSite(clientId: string, name: string): Promise<Site> {
  return answerOf(api.POST('/api/v1/clients/{id}/sites', { params: { path: { id: clientId } }, body: { name } }));
}

export async function renameSite(id: string, name: string): Promise<void> {
  await answerOf(api.PATCH('/api/v1/sites/{id}', { params: { path: { id } }, body: { name } }));
}

export async function removeSite(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/sites/{id}', { params: { path: { id } } }));
}

export async function setTimeZone(siteId: string, timeZone: string): Promise<void> {
  await answerOf(api.PUT('/api/v1/sites/{id}/time-zone', { params: { path: { id: siteId } }, body: { time_zone: timeZone } }));
}

export function addSchedule(wish: ScheduleWish): Promise<Schedule> {
  return answerOf(api.POST('/api/v1/schedules', { body: wish }));
}

export function changeSchedule(id: string, wish: ScheduleWish): Promise<Schedule> {
  return answerOf(api.PUT('/api/v1/schedules/{id}', { params: { path: { id } }, body: wish }));
}

export async function removeSchedule(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/schedules/{id}', { params: { path: { id } } }));
}

export function pauseSchedule(id: string): Promise<Schedule> {
  return answerOf(api.POST('/api/v1/schedules/{id}/pause', { params: { path: { id } } }));
}

export function resumeSchedule(id: string): Promise<Schedule> {
  return answerOf(api.POST('/api/v1/schedules/{id}/resume', { params: { path: { id } } }));
}

export function addGroup(group: NewGroup): Promise<GroupDetail> {
  return answerOf(api.POST('/api/v1/groups', { body: group }));
}

export function changeGroup(id: string, terms: GroupTerms): Promise<GroupDetail> {
  return answerOf(api.PUT('/api/v1/groups/{id}', { params: { path: { id } }, body: terms }));
}

export async function removeGroup(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/groups/{id}', { params: { path: { id } } }));
}

export function addWindow(window: NewMaintenanceWindow): Promise<MaintenanceWindow> {
  return answerOf(api.POST('/api/v1/maintenance-windows', { body: window }));
}

export function changeWindow(id: string, terms: MaintenanceWindowTerms): Promise<MaintenanceWindow> {
  return answerOf(api.PUT('/api/v1/maintenance-windows/{id}', { params: { path: { id } }, body: terms }));
}

export async function removeWindow(id: string): Promise<void> {
  await answerOf(api.DELETE('/api/v1/maintenance-windows/{id}', { params: { path: { id } } }));
}

export function runOutsideWindow(id: string, reason: string): Promise<Command> {
  return answerOf(api.POST('/api/v1/commands/{id}/run-outside-window', { params: { path: { id } }, body: { reason } }));
}

export function setRateLimit(policy: string, perMinute: number): Promise<RateLimit> {
  return answerOf(api.PUT('/api/v1/rate-limits/{policy}', { params: { path: { policy } }, body: { per_minute: perMinute } }));
}

export function resetRateLimit(policy: string): Promise<RateLimit> {
  return answerOf(api.DELETE('/api/v1/rate-limits/{policy}', { params: { path: { policy } } }));
}
