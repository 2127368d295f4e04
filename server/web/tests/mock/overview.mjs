// What the first screen counts.
import { closed_states, in_doubt, isFilling, waitsForRestart } from './common.mjs';
import { listHeldOrders } from './second-person.mjs';
import { soonToOpen } from './windows.mjs';

function overviewOf(mock) {
  const { agents, updates } = mock.fleet;
  const count = (rows, test) => rows.filter(test).length;
  const open = updates.filter((update) => !closed_states.includes(update.state));
  const security = open.filter((update) => update.category === 'security');
  const severity = (value) => count(security, (update) => update.severity === value);
  const inState = (state) => count(updates, (update) => update.state === state);
  const connected = (connection) => count(agents, (agent) => agent.connection === connection);
  const broken = count(agents, (agent) => agent.breakers_open > 0);
  const invalid = count(agents, (agent) => agent.config.state === 'invalid');
  const standing = (state) => count(agents, (agent) => agent.identity.state === state);
  const doubtful = count(agents, (agent) => in_doubt.includes(agent.identity.state));
  const needs = [
    { kind: 'failed_updates', severity: 'critical', count: inState('failed'), text: 'updates failed to install', link: '/updates?state=failed' },
    { kind: 'security_updates', severity: 'critical', count: security.length, text: 'security updates are open', link: '/updates?category=security' },
    { kind: 'awaiting_confirmation', severity: 'warning', count: inState('awaiting_confirmation'), text: 'updates wait: the plan holds more than was approved', link: '/operations?view=confirm' },
    { kind: 'held_orders', severity: 'warning', count: listHeldOrders(mock).length, text: 'orders wait for the approval of a second person', link: '/operations?view=held' },
    { kind: 'agents_in_doubt', severity: 'critical', count: doubtful, text: 'machines get no orders until somebody has looked: new, restored or copied', link: '/agents?identity=needs_a_look' },
    { kind: 'disks_filling', severity: 'warning', count: count(agents, isFilling), text: 'machines have a disk that will be full within 14 days', link: '/agents?disk=filling' },
    { kind: 'breakers_open', severity: 'warning', count: broken, text: 'machines have a plugin that is not run for a while, after failures', link: '/agents?breaker=open' },
    { kind: 'agents_silent', severity: 'warning', count: connected('silent'), text: 'machines have not been heard of lately', link: '/agents?connection=silent' },
    { kind: 'config_invalid', severity: 'warning', count: invalid, text: 'machines have an invalid configuration', link: '/agents?config=invalid' },
    { kind: 'reboots_pending', severity: 'info', count: count(agents, waitsForRestart), text: 'machines wait for a restart', link: '/agents?reboot=pending' },
    { kind: 'updates_waiting', severity: 'info', count: open.length, text: 'updates are open in all', link: '/updates' },
  ];
  return {
    agents: { total: agents.length, connected: connected('connected'), silent: connected('silent'), never: connected('never'), pending: standing('pending'), cloned: standing('cloned'), restored: standing('restored') },
    updates: {
      available: open.length,
      installable: count(open, (update) => update.blocked_by === null),
      security: security.length,
      security_by_severity: { critical: severity('critical'), high: severity('high'), medium: severity('medium'), low: severity('low'), unrated: severity('unknown') },
      ...Object.fromEntries(['approved', 'planned', 'awaiting_confirmation', 'installing', 'installed', 'failed', 'verified', 'ignored', 'cleared'].map((state) => [state, inState(state)])),
    },
    breakers_open: broken,
    refusals_24h: 1,
    config_invalid: invalid,
    windows: soonToOpen(mock.fleet),
    needs: needs.filter((need) => need.count > 0),
  };
}

export const routes = {
  'GET overview': (mock) => [200, overviewOf(mock)],
};
