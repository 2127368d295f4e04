import type {
  Agent,
  AgentSetting,
  Category,
  CommandState,
  CommandType,
  Role,
  Schedule,
  ScheduleRun,
  SettingsDrift,
  SettingsLevel,
  Severity,
  UpdateState,
} from '../api/types';

// How a state is called and coloured, once for all screens.
export type Tone = 'critical' | 'warning' | 'notice' | 'info' | 'good' | 'unrated' | 'quiet';

export interface Word {
  text: string;
  tone: Tone;
}

// What is neither closed (verified, superseded, resolved elsewhere) nor ignored. The server's lists show these unless states are named.
export const open_states = 'All that are open';

export const update_states: Record<UpdateState, Word> = {
  available: { text: 'Available', tone: 'quiet' },
  cleared: { text: 'Approved, to be ordered', tone: 'notice' },
  approved: { text: 'Approved', tone: 'info' },
  planned: { text: 'Planned', tone: 'info' },
  awaiting_confirmation: { text: 'Needs confirmation', tone: 'warning' },
  installing: { text: 'Installing', tone: 'info' },
  installed: { text: 'Installed, not verified', tone: 'info' },
  awaiting_reboot: { text: 'Awaiting reboot', tone: 'notice' },
  verified: { text: 'Verified', tone: 'good' },
  failed: { text: 'Failed', tone: 'critical' },
  ignored: { text: 'Ignored', tone: 'unrated' },
  superseded: { text: 'Superseded', tone: 'quiet' },
  resolved_elsewhere: { text: 'Resolved elsewhere', tone: 'quiet' },
};

export const command_states: Record<CommandState, Word> = {
  awaiting_approval: { text: 'Needs approval', tone: 'warning' },
  scheduled: { text: 'Scheduled', tone: 'quiet' },
  queued: { text: 'Queued', tone: 'quiet' },
  delivered: { text: 'Delivered', tone: 'info' },
  accepted: { text: 'Accepted', tone: 'info' },
  running: { text: 'Running', tone: 'info' },
  succeeded: { text: 'Succeeded', tone: 'good' },
  failed: { text: 'Failed', tone: 'critical' },
  refused: { text: 'Refused', tone: 'critical' },
  expired: { text: 'Expired', tone: 'warning' },
  cancelled: { text: 'Cancelled', tone: 'quiet' },
  lost: { text: 'Lost', tone: 'warning' },
};

export const cancel_asked = 'Cancel asked, waits for the machine';
export const in_flight: CommandState[] = ['awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted', 'running'];
export const went_wrong: CommandState[] = ['failed', 'refused', 'expired', 'lost'];
export const finished: CommandState[] = ['succeeded', 'cancelled', ...went_wrong];

export const schedule_states: Record<Schedule['state'], Word> = {
  active: { text: 'Active', tone: 'good' },
  paused: { text: 'Paused', tone: 'warning' },
  done: { text: 'Done', tone: 'quiet' },
};

export const run_outcomes: Record<ScheduleRun['outcome'], Word> = {
  ordered: { text: 'Ordered', tone: 'good' },
  missed: { text: 'Missed', tone: 'warning' },
  refused: { text: 'Refused', tone: 'critical' },
};

export const settings_drifts: Record<SettingsDrift, Word> = {
  as_desired: { text: 'As wished', tone: 'good' },
  pending: { text: 'Pending', tone: 'info' },
  refused: { text: 'Refused', tone: 'critical' },
  local: { text: 'Set on the machine', tone: 'notice' },
  unknown: { text: 'Not known', tone: 'warning' },
  not_applicable: { text: 'Does not apply', tone: 'quiet' },
};

export const settings_levels: Record<SettingsLevel, string> = {
  everything: 'Everything',
  client: 'Client',
  site: 'Site',
  group: 'Group',
  agent: 'This machine',
};

export const settings_sources: Record<NonNullable<AgentSetting['from']>, string> = {
  default: 'default',
  plugin: "plugin's default",
  yaml: 'agent.yaml',
  server: 'the server',
  inherited: 'as the agent',
};

export const categories: Record<Category, string> = {
  security: 'Security',
  bugfix: 'Bug fix',
  enhancement: 'Enhancement',
  driver: 'Driver',
  firmware: 'Firmware',
  feature: 'Feature',
  unknown: 'Uncategorised',
};

const severities: Record<Exclude<Severity, 'unknown'>, Word> = {
  critical: { text: 'critical', tone: 'critical' },
  high: { text: 'high', tone: 'warning' },
  medium: { text: 'medium', tone: 'notice' },
  low: { text: 'low', tone: 'info' },
};

// "Security, unrated" where no advisory gives a severity: it is never guessed.
export function kindOf(update: { category: Category; severity: Severity }): Word {
  const category = categories[update.category];
  if (update.severity === 'unknown') {
    return update.category === 'security'
      ? { text: 'Security, unrated', tone: 'unrated' }
      : { text: category, tone: 'quiet' };
  }
  const { text, tone } = severities[update.severity];
  return { text: `${category}, ${text}`, tone };
}

export const connections: Record<Agent['connection'], Word> = {
  connected: { text: 'Connected', tone: 'good' },
  silent: { text: 'Silent', tone: 'warning' },
  never: { text: 'Never seen', tone: 'quiet' },
};

// Whether a machine is who it says. Only an active one gets orders.
export const identities: Record<Agent['identity']['state'], Word> = {
  active: { text: 'Active', tone: 'good' },
  pending: { text: 'Pending approval', tone: 'warning' },
  restored: { text: 'Restored?', tone: 'warning' },
  cloned: { text: 'Cloned', tone: 'critical' },
  revoked: { text: 'Revoked', tone: 'quiet' },
};

export const identity_advice: Record<Agent['identity']['state'], string> = {
  active: '',
  pending: 'Nothing it says is taken, and it gets no orders, until it is accepted. Accept it if you know the machine.',
  restored: 'It gets no orders; where two documents are listed, nothing it says is taken either. Accept it if the machine was restored from a backup or a snapshot.',
  cloned:
    'Nothing that any of them says is taken, and none gets orders. Stop the others or enrol them again, and accept the one that is the machine. If nobody copied it, its key may be in other hands: bind it to a new key, or revoke it.',
  revoked: 'It is let in no more. What is known of it stays.',
};

// What a command may do to a machine.
export const risks: Record<CommandType['risk'], Word> = {
  none: { text: 'Changes nothing', tone: 'quiet' },
  low: { text: 'Low risk', tone: 'quiet' },
  high: { text: 'High risk', tone: 'warning' },
  destructive: { text: 'Destructive', tone: 'critical' },
};

export const roles: Record<Role, string> = {
  viewer: 'Viewer',
  technician: 'Technician',
  approver: 'Approver',
  admin: 'Administrator',
};

// A scan's or a scope's status is the plugin's; only a good end is told apart.
export function scanTone(status: string): Tone {
  if (status === 'ok') return 'good';
  return ['not_applicable', 'skipped', 'unsupported'].includes(status) ? 'quiet' : 'warning';
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// The first of them by name.
export function listed(items: string[], most = 6): string {
  const named = items.slice(0, most).join(', ');
  return items.length > most ? `${named} and ${items.length - most} more` : named;
}

export function spoken(code: string): string {
  return sentence(code.replaceAll('_', ' '));
}
