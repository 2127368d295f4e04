// An agent that installs by apt, in a root of its own with updates in it.
import { AptMachine } from '../../e2e/lib/apt_machine.mjs';
import { agentShows, Fleet } from '../../e2e/lib/fleet.mjs';
import { runToEnd } from '../../e2e/lib/processes.mjs';

// Once it has scanned. `prepare`: told the machine before that. `executor`: its options.
export async function startAptAgent(name, prepare, ...executor) {
  const machine = new AptMachine(name);
  machine.make();
  prepare(machine);
  const fleet = new Fleet(name);
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', `version: 1
mode: act
schedule: {every: 1h, jitter: 0s}
plugins:
  apt: {settings: {root: "${machine.root}"}}
policy:
  allow:
    - {action: apt/install, packages: ["*"], when: always}
`, { act: true });
  await agent.startExecutor(...executor);
  agent.start();
  await agentShows(api, agent.id, 'a scan', (now) => now.plugins.find((plugin) => plugin.id === 'apt')?.last_scan, 60_000);
  return { machine, api, agent };
}

// "ii 2.0" once it is installed; else what dpkg is in the middle of.
export function dpkgState({ root }, name) {
  return runToEnd(['dpkg-query', `--admindir=${root}/var/lib/dpkg`, '-W', '-f', '${db:Status-Abbrev}${Version}', name]).stdout;
}
