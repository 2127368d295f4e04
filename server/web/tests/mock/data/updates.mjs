// Updates of the made-up fleet, in every state.
import { makeId } from './ids.mjs';
import { packages } from './packages.mjs';

const state_order = ['available', 'available', 'ignored', 'cleared', 'approved', 'planned', 'awaiting_confirmation', 'installing', 'installed', 'verified', 'failed', 'available'];
export const waiting_for = {
  available: 'a person to approve it',
  report_mode: 'somebody at the machine: its agent is in report mode and changes nothing',
  cleared: 'a person to order it: it is approved',
  ignored: 'mara ignores it: The till breaks with <b>it</b>.',
  failed: 'a person: the install failed, at try 1 of 3: dpkg ended with status 1: the post-installation script of nginx failed.',
  approved: 'the machine is about to fetch the order for the plan',
  planned: 'the machine has the order for the install',
  awaiting_confirmation: 'a person must confirm: the plan holds more than was approved',
  installing: 'the machine is installing',
  installed: 'the scan after the install must prove it',
};

const next_step = {
  available: 'the machine makes a plan, and installs what it covers',
  cleared: 'the machine makes a plan, and installs what it covers',
  ignored: 'it is open again at 2099-01-01T00:00:00Z',
  approved: 'it installs if the plan holds nothing but what was approved; else a person confirms',
  planned: 'a scan proves the install',
  awaiting_confirmation: 'confirmed, the plan is carried out; declined, the update is available again',
  installing: 'a scan proves the install',
  installed: 'it is verified, or fails',
  failed: 'it can be approved again',
};

function notApprovableBecause(agent, state, blocked_by) {
  if (state === 'verified') return 'it is verified already';
  if (state === 'ignored') return 'it is ignored: The till breaks with <b>it</b>.';
  if (!['available', 'failed', 'cleared'].includes(state)) return 'it is approved already and under way';
  if (agent.mode === 'report') return 'this agent is in report mode';
  return blocked_by ? `the package manager holds it back: ${blocked_by}` : null;
}

// Of the machine with number `n`.
export function makeUpdates(agent, n, random, at) {
  const updates = [];
  packages.forEach(([name, source_package, installed_version, candidate_version, category, severity, origin, advisories, cves], p) => {
    if (random() < 0.45 + (p === 0 ? -0.4 : 0)) return;
    const state = agent.mode === 'report' ? 'available' : state_order[Math.floor(random() * state_order.length)];
    const blocked_by = state === 'available' && random() < 0.12 ? ['held', 'phased', 'kept_back'][p % 3] : null;
    const approvable = agent.mode === 'act' && blocked_by === null && ['available', 'failed', 'cleared'].includes(state);
    const id = makeId('UPDATE', n * 50 + p);
    updates.push({
      id,
      agent_id: agent.id, client_id: agent.client.id, site_id: agent.site.id,
      hostname: agent.hostname,
      manager: 'apt',
      key: `${name}:amd64`,
      name,
      arch: name === 'tzdata' ? 'all' : 'amd64',
      installed_version: n % 5 === 0 && p === 0 ? '3.0.14-1~deb12u2' : installed_version,
      candidate_version,
      source_package,
      origin,
      category,
      severity,
      blocked_by,
      download_bytes: p === 9 ? null : 120_000 + p * 733_421,
      needs_reboot: p === 2 ? true : p === 9 ? null : false,
      advisories,
      cves,
      state,
      state_since: at(300 + p * 1100 + n * 60),
      reason: state === 'failed' ? { code: 'apt.install_failed', text: 'dpkg ended with status 1: the post-installation script of nginx failed.' } : null,
      waiting_for:
        blocked_by === 'held' ? 'the hold that is set on the machine' : agent.mode === 'report' ? waiting_for.report_mode : (waiting_for[state] ?? null),
      next: next_step[state] ?? null,
      ignored: state === 'ignored' ? { rule_id: makeId('RVLE', 1), by: 'mara', until: at(-86400 * 12), reason: 'The till breaks with <b>it</b>.' } : null,
      command_id: ['available', 'verified', 'ignored', 'cleared'].includes(state) ? null : makeId('CMND', 100 + n),
      first_seen_at: at(3 * 86400 + p * 43000),
      approvable,
      not_approvable_because: notApprovableBecause(agent, state, blocked_by),
    });
  });
  return updates;
}
