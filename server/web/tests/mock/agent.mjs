// One machine as its screen shows it.
import { Refusal, waitsForRestart } from './common.mjs';
import { makeId } from './data/ids.mjs';
import { listGroups } from './groups.mjs';

export function agentOf(mock, id) {
  const agent = mock.fleet.agents.find((each) => each.id === id);
  if (!agent) throw new Refusal(404, 'agent.not_found', 'There is no such agent.');
  const { at } = mock.fleet;
  const closed = { state: 'closed', since: null, open_until: null, class: '', code: '', text: '' };
  const open = { state: 'open', since: at(900), open_until: at(-900), class: 'crash', code: 'host.signal', text: 'The last 3 runs ended with signal 11.' };
  const scan = (complete) => ({
    id: makeId('SCAN', 1), at: agent.last_scan?.at ?? at(60), purpose: 'updates', status: complete ? 'ok' : 'transient', complete, cut: Boolean(agent.cut), duration_ms: 231,
    scopes: agent.cut ? [] : [{ key: 'deb.example.org bookworm', status: 'ok' }, { key: 'deb.example.org bookworm-security', status: complete ? 'ok' : 'transient' }, { key: 'ppa.example.net <i>', status: 'ok' }],
    reports: complete || agent.cut ? [] : [{ status: 'transient', code: 'apt.lists_old', text: 'The lists of deb.example.org bookworm-security are 9 days old.' }],
  });
  const none = agent.last_scan === null;
  return {
    ...agent,
    boot_id: '6f1c1f5e-0000-4000-8000-000000000000',
    window: agent.client.id === mock.fleet.clients[0].id ? { from: 'group', place: 'the group Databases', time_zone: 'Europe/London', open: false, name: 'Night', opens_at: at(-7200), closes_at: at(-32400) } : null,
    kernel: '6.1.0-37-amd64',
    groups: listGroups(mock).filter((group) => group.members.some((member) => member.agent_id === id)).map(({ id: group_id, name }) => ({ id: group_id, name })),
    documents: [
      { id: makeId('LINE', 1), number: 7, newest: false, boot_id: '6f1c1f5e-0000-4000-8000-000000000000', machine: 'a1b2c3d4e5f60718', peer: '192.0.2.17', began_at: at(86400 * 30), seen_at: at(40) },
      { id: makeId('LINE', 2), number: 3, newest: true, boot_id: '0b44e1a2-0000-4000-8000-000000000000', machine: '99aa88bb77cc66dd', peer: '198.51.100.4', began_at: at(7200), seen_at: at(95) },
    ].slice(['cloned', 'restored'].includes(agent.identity.state) ? 0 : 1),
    plugins: none ? [] : [
      { id: 'apt', name: 'APT packages', version: '1.0.0', interfaces: ['rf.scanner/1', 'rf.updater/1'], state: 'ok', text: '', breaker: closed, last_scan: scan(agent.last_scan.complete) },
      { id: 'system', name: 'System', version: '1.0.0', interfaces: ['rf.scanner/1'], state: 'ok', text: '', breaker: agent.breakers_open ? open : closed, last_scan: { ...scan(true), scopes: [], duration_ms: 41 } },
      { id: 'dnf', name: 'DNF packages', version: '1.0.0', interfaces: ['rf.scanner/1'], state: 'not_applicable', text: 'libdnf is not on this machine.', breaker: closed, last_scan: null },
    ],
    facts: none ? [] : [
      { name: 'os.name', value: 'Debian GNU/Linux 12 (bookworm)' },
      { name: 'os.support_end', value: at(86400 * 200).slice(0, 10) },
      { name: 'os.long_term_support_end', value: at(-86400 * 90).slice(0, 10) },
      { name: 'kernel.running', value: '6.1.0-37-amd64' },
      { name: 'reboot.required', value: waitsForRestart(agent) },
      ...(waitsForRestart(agent) ? [{ name: 'reboot.reasons', value: ['linux-image-6.1.0-37-amd64', 'libc6'] }] : []),
      { name: 'lists.age_s', value: 5120 },
      ...(agent.cut ? [{ name: 'example.net.motd', value: null }] : []),
    ],
  };
}
