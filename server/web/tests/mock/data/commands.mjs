// Commands of the made-up fleet.
import { makeId } from './ids.mjs';
import { waiting_for } from './updates.mjs';

export function makeCommands(agents, updates, at) {
  const states = ['running', 'queued', 'delivered', 'accepted', 'succeeded', 'succeeded', 'failed', 'refused', 'expired', 'cancelled', 'lost', 'succeeded'];
  const reasons = {
    failed: { code: 'apt.install_failed', text: 'dpkg ended with status 1: the post-installation script of nginx failed.' },
    refused: { code: 'policy.window', text: 'line 14 of the policy allows upgrade of nginx by apt/install only in Mon-Fri 22:00-05:00; now it is Tue 14:12' },
    expired: { code: 'command.expired', text: 'The machine did not fetch it in time.' },
    lost: { code: 'command.lost', text: 'The machine has been silent since it accepted this.' },
  };
  const acting = agents.filter((agent) => agent.mode === 'act' && agent.connection !== 'never');
  return acting.slice(0, 60).map((agent, n) => {
    const number = agents.indexOf(agent);
    const own = updates.filter((update) => update.command_id === makeId('CMND', 100 + number));
    if (n % 3 !== 1) {
      for (const update of own) if (update.state === 'awaiting_confirmation') Object.assign(update, { state: 'installing', waiting_for: waiting_for.installing });
    }
    const waits = own.some((update) => update.state === 'awaiting_confirmation');
    const state = waits ? 'succeeded' : n === 14 ? 'scheduled' : states[n % states.length];
    const installed = (state === 'succeeded' && n % 2 === 0) || state === 'scheduled';
    const type = waits ? 'plan_updates' : installed ? 'install_updates' : ['install_updates', 'scan', 'plan_updates'][n % 3];
    return {
      id: makeId('CMND', 100 + number),
      type,
      title: { install_updates: 'Install updates', scan: 'Scan', plan_updates: 'Plan updates' }[type],
      agent_id: agent.id, client_id: agent.client.id, site_id: agent.site.id,
      hostname: agent.hostname,
      state,
      state_since: at(30 + n * 240),
      created_at: at(90 + n * 260),
      actor: n % 4 === 0 ? 'system' : 'mara',
      not_before: at(state === 'scheduled' ? -7200 : 90 + n * 260),
      expires_at: at(-86400 + n * 200),
      window: state === 'scheduled' ? { text: 'the window "Night" of the client Northfield Surgery', opens_at: at(-7200), missed: 1, gives_up_at: at(-86400 * 3) } : null,
      outside_window: state === 'running' ? 'The shop is closed today, and the exploit is out' : null,
      order_id: makeId('RDR', 100 + number),
      approved_by: n % 7 === 3 ? 'erin' : null,
      cancel_asked: state === 'running' && n > 0,
      retry_of: n % 13 === 6 ? makeId('CMND', 100 + agents.indexOf(acting[0])) : null,
      percent: state === 'running' ? 42 : null,
      progress: state === 'running' ? 'Unpacking libssl3:amd64 (3.0.17-1~deb12u2)' : null,
      reason: reasons[state] ?? null,
    };
  });
}
