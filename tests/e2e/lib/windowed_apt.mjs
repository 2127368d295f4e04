// A machine whose apt installs in a maintenance window only, from a repository over HTTP, and what its server says of that.
import fs from 'node:fs';
import path from 'node:path';
import { AptMachine } from './apt_machine.mjs';
import { Ctl } from './ctl.mjs';
import { agentShows, Fleet } from './fleet.mjs';
import { freePort, Program, runToEnd, until } from './processes.mjs';

const kMinuteMs = 60_000;

export class WindowedApt {
  constructor(name) {
    this.machine = new AptMachine(name);
    this.fleet = new Fleet(name);
    this.ctl = new Ctl(name);
    this.archives = path.join(this.machine.root, 'var/cache/apt/archives');
  }

  // Its window opens in half an hour, every day: whoever is slow is ready by then, and nobody waits for it (openAt).
  async begin() {
    const { machine, fleet, ctl } = this;
    machine.make();
    await this.offerOverHttp();
    await fleet.startServer();
    const api = await fleet.signIn();
    await ctl.login(api, fleet);
    this.agent = fleet.enrol('agent', `version: 1
mode: act
schedule: {jitter: 0s}
isolation: best
plugins:
  apt: {settings: ${JSON.stringify(machine.settings(fleet.folder))}}
policy:
  allow:
    - {action: apt/install, packages: ["*"], when: always}
`, { act: true });
    await this.agent.startExecutor();
    this.agent.start();
    await agentShows(api, this.agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 1, 60_000);
    const [place] = (await api.get('/api/v1/clients')).items;
    await api.request('PUT', `/api/v1/sites/${place.sites[0].id}/time-zone`, { time_zone: 'UTC' });
    this.opens = Math.ceil(Date.now() / kMinuteMs) * kMinuteMs + 30 * kMinuteMs;
    this.window = await api.post('/api/v1/maintenance-windows', { client_id: place.id, ...this.terms() });
  }

  terms() {
    return { name: 'Night', rule: { repeat: 'daily', time: new Date(this.opens).toISOString().slice(11, 16) }, length_minutes: 20 };
  }

  // The window is moved: to a whole minute that is to come, or to this one, in which it is open.
  async openAt(opens) {
    this.opens = opens;
    await this.fleet.api.request('PUT', `/api/v1/maintenance-windows/${this.window.id}`, this.terms());
  }

  openNext() {
    return this.openAt(Math.ceil((Date.now() + 5_000) / kMinuteMs) * kMinuteMs);
  }

  openNow() {
    return this.openAt(Math.floor(Date.now() / kMinuteMs) * kMinuteMs);
  }

  // As from a distributor: what lies in a folder is used where it lies.
  async offerOverHttp() {
    const { machine } = this;
    const port = await freePort();
    this.repository = new Program('repository', ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', path.join(machine.folder, 'repo')],
      { env: { PATH: process.env.PATH } });
    const sources = path.join(machine.root, 'etc/apt/sources.list');
    const lines = fs.readFileSync(sources, 'utf8').replace(/file:\S+/g, `http://127.0.0.1:${port}/`);
    fs.writeFileSync(sources, lines);
    fs.rmSync(machine.lists, { recursive: true });
    fs.mkdirSync(path.join(machine.lists, 'partial'), { recursive: true });
    await until(() => runToEnd(['apt-get', '-qq', '-o', `Dir=${machine.root}`, '-o', `Dir::State::status=${machine.root}/var/lib/dpkg/status`,
      '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=0', '-o', 'APT::Update::Error-Mode=any', 'update'], { allowFailure: true }).status === 0, 'the lists to be fetched', 30_000);
  }

  said = () => this.agent.process.output.slice(-1500) + this.agent.executor.output.slice(-1500);

  show(id) {
    return this.ctl.done('commands', 'show', id);
  }

  newest(type) {
    return this.ctl.done('commands', 'list', '--agent-id', this.agent.id, '--type', type, '--limit', '1').items[0];
  }

  row(wanted) {
    return this.ctl.done('updates', 'rows', '--name', wanted.name).items.find(({ name }) => name === wanted.name);
  }

  reaches(id, state, timeoutMs) {
    let command;
    return until(() => {
      command = this.show(id);
      return command.state === state && command;
    }, `${id} to be ${state}`, timeoutMs, () => JSON.stringify(command) + this.said());
  }

  async approve(wanted) {
    const { id } = await until(() => {
      const found = this.row(wanted);
      return found?.approvable && found;
    }, `${wanted.name} to be there to be approved`, 60_000, this.said);
    this.ctl.done('approvals', 'create', '--update-ids', id);
  }

  // Approves it, and answers its install with the download that was ordered for that.
  async ordered(wanted) {
    await this.approve(wanted);
    const install = await until(() => {
      const { command_id } = this.row(wanted);
      const command = command_id && this.show(command_id);
      return command && command.type === 'install_updates' && command.preparation && command;
    }, `${wanted.name} to be planned, and its download ordered`, 60_000, () => JSON.stringify(this.row(wanted)) + this.said());
    return { install, download: install.preparation.command_id };
  }
}
