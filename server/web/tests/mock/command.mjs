// One command as its screen shows it.
import { findCommand } from './commands.mjs';

export function commandOf(mock, id) {
  const command = findCommand(mock, id);
  const { at } = mock.fleet;
  const updates = mock.fleet.updates.filter((update) => update.command_id === id);
  const step = (operation, name, from, to, requested) => ({ operation, name, arch: 'amd64', from, to, category: 'security', requested });
  const extras = updates.some((update) => update.state === 'awaiting_confirmation')
    ? [step('install', 'libpcre2-posix3', '', '10.42-1', false), step('remove', 'nginx-light', '1.22.1-9', '', false)]
    : [];
  const steps = [...updates.map((update) => step('upgrade', update.name, update.installed_version, update.candidate_version, true)), ...extras];
  const planned = command.type !== 'scan' && !['queued', 'delivered', 'accepted'].includes(command.state);
  const line = (seq, text) => ({ seq, at: at(60 - seq), text });
  const path = ['queued', 'delivered', 'accepted', 'running'];
  const passed = path.includes(command.state) ? path.slice(0, path.indexOf(command.state) + 1) : [...path, command.state];
  return {
    ...command,
    waiting_for: { scheduled: `the window "Night" of the client Northfield Surgery, which opens at ${command.window?.opens_at}; it has missed 1 window before`, queued: 'the machine is about to fetch the order', running: 'the machine is carrying it out' }[command.state] ?? null,
    next: { scheduled: `the machine is told to fetch the order, and begins it before ${at(-14_400)}; missed, it waits for the next window, until ${at(-86_400 * 3)}`, queued: 'the machine checks the signature and its own policy, then begins', running: 'its result is shown here' }[command.state] ?? null,
    preparation: command.state === 'scheduled' && command.type === 'install_updates'
      ? { command_id: '01JM8ZC9T0QK5V3N7RWX2YBD4E', title: 'Download updates', state: 'failed', percent: null, reason: { code: 'apt.download_failed', text: 'deb.example.org: no route to host' } }
      : null,
    parameters: { updates: updates.map(({ key, name, arch, candidate_version }) => ({ key, name, arch, version: candidate_version })) },
    actions: [{ plugin: command.type === 'scan' ? 'kernel' : 'apt', action: { scan: 'scan', plan_updates: 'plan', install_updates: 'install' }[command.type] ?? 'run', parameters: {} }],
    plan: planned ? { steps, download_bytes: 18_734_112, installed_bytes_delta: -1_224_704, needs_reboot: true, restarts: ['nginx.service', 'ssh.service'] } : null,
    plan_hash: planned ? '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' : null,
    extras,
    results: command.state === 'succeeded' ? [{
      steps: command.type === 'install_updates'
        ? [step('upgrade', 'libssl3', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', true), step('install', 'libpcre2-posix3', '', '10.42-1', false)].map((each) => ({ ...each, result: 'done' }))
        : [],
      needs_reboot: true,
    }] : null,
    log: command.state === 'queued' ? [] : [
      line(1, 'Reading package lists... Done'),
      line(2, 'Preconfiguring packages ...'),
      line(3, '(Reading database ... 71542 files and directories currently installed.)'),
      line(4, 'Preparing to unpack .../libssl3_3.0.17-1~deb12u2_amd64.deb ...'),
      line(5, '<script>window.hostile=1</script> \u001b[31mred\u001b[0m \u202edenrut\u202c'),
      line(6, 'Unpacking libssl3:amd64 (3.0.17-1~deb12u2) over (3.0.15-1~deb12u1) ...'),
    ],
    transitions: passed.map((to, index) => ({ from: index === 0 ? null : passed[index - 1], to, at: at(600 - index * 90), actor: index === 0 ? command.actor : 'agent', reason: index === passed.length - 1 ? command.reason : null })),
    updates,
  };
}
