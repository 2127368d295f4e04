// A server and agents of its own, in a folder of its own, started the way their users do.
import fs from 'node:fs';
import path from 'node:path';
import { Api } from './api.mjs';
import { TrustRoot } from './trust.mjs';
import { build, Program, program, runToEnd, temporaryFolder, until } from './processes.mjs';

export class Fleet {
  // `database`: a postgresql:// URL instead of a file of its own. `environment`: what the server gets beside PATH. `data`: the
  // server's folder, where it is not with the agents'.
  constructor(name, { database, environment = {}, data } = {}) {
    this.folder = temporaryFolder(name);
    this.database = database;
    this.environment = environment;
    this.data = data ?? path.join(this.folder, 'server');
    this.port = 0;
    this.trust = new TrustRoot(this.data, this.folder);
    this.moreCommandTypes = [];  // folders beside our own
    this.names = [];  // what agents call the server, where that is not 127.0.0.1; it needs a port from the start
    this.settings = '';  // more lines of server.yaml, for the first start
    this.under = [];  // a command that the server is started by
  }

  // The first start makes the data; a later one takes the same port again.
  async startServer() {
    if (!fs.existsSync(this.data)) {
      runToEnd([program('redflag-server'), 'init', '--data', this.data,
        ...(this.database ? ['--database', this.database] : []), ...this.names.flatMap((name) => ['--name', name])]);
      // The trust root names addresses, and is made before the server listens.
      if (this.names.length > 0) this.settings += `listen: 127.0.0.1:${this.port}\n`;
      if (this.settings) fs.appendFileSync(path.join(this.data, 'server.yaml'), this.settings, { mode: 0o600 });
      this.trust.make();
    }
    fs.rmSync(path.join(this.data, 'server.url'), { force: true });
    this.server = new Program('redflag-server', [...this.under, program('redflag-server'), 'serve', '--data', this.data,
      '--listen', `127.0.0.1:${this.port}`, '--web', path.join(build, 'web'),
      ...[path.join(build, 'command_types'), ...this.moreCommandTypes].flatMap((folder) => ['--command-types', folder])], { env: { PATH: process.env.PATH, ...this.environment } });
    await this.server.says(/RedFlag is at (\S+)/, 60_000);
    // Written last: who waits for it finds the rest.
    const file = path.join(this.data, 'server.url');
    this.url = await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim(), 'server.url', 20_000);
    this.port = Number(new URL(this.url).port);
    if (this.names.length > 0) this.url = `https://127.0.0.1:${this.port}`;
    const token = this.server.output.match(/setup#token=(\S+)/)?.[1];
    if (token) this.setupToken = token;
    return this.url;
  }

  async signIn() {
    this.api = new Api(this.url, path.join(this.data, 'ca.pem'));
    if (this.signedUp) await this.api.signIn();
    else await this.api.setUp(this.setupToken);
    this.signedUp = true;
    return this.api;
  }

  // Writes agent.yaml, enrols, and answers the agent; start() it next. `act`: with an executor, whose user the agent shares.
  enrol(name, yaml, { plugins = path.join(build, 'plugins'), act = false } = {}) {
    const folder = path.join(this.folder, name);
    fs.mkdirSync(folder, { mode: 0o755 });
    fs.mkdirSync(path.join(folder, 'state'), { mode: 0o700 });
    fs.writeFileSync(path.join(folder, 'agent.yaml'), yaml);
    const agent = new Agent(name, folder, plugins, act);
    const bundle = runToEnd([program('redflag-server'), 'token', 'create', '--data', this.data]).stdout;
    const trust = act ? ['--executor-state', agent.executorState] : [];
    const enrolled = runToEnd(agent.command('enroll', '--bundle-stdin', '--format', 'json', ...trust), { input: bundle });
    agent.id = JSON.parse(enrolled.stdout).agent_id;
    return agent;
  }
}

export class Agent {
  constructor(name, folder, plugins, act) {
    Object.assign(this, { name, folder, plugins, act });
    this.executorState = path.join(folder, 'executor');
    this.executorSocket = path.join(folder, 'executor.sock');
    this.brokerSocket = path.join(folder, 'broker.sock');
    this.env = { PATH: process.env.PATH };
    this.under = [];  // a command that its programs are started by
  }

  command(...argv) {
    return [program('redflag-agent'), '--config', path.join(this.folder, 'agent.yaml'),
      '--state', path.join(this.folder, 'state'), '--plugins', this.plugins, ...argv];
  }

  start(...argv) {
    const sockets = [...(this.act ? ['--executor-socket', this.executorSocket] : []),
      ...(this.broker ? ['--broker-socket', this.brokerSocket] : [])];
    this.process = new Program(this.name, [...this.under, ...this.command('run', ...sockets, ...argv)],
      { env: this.env, log: path.join(this.folder, 'agent.log') });
    return this.process;
  }

  // Plugins then run as nobody.
  async startBroker() {
    this.broker = new Program(`${this.name}'s broker`, [program('redflag-broker'),
      '--config', path.join(this.folder, 'agent.yaml'), '--state', path.join(this.folder, 'broker'),
      '--plugins', this.plugins, '--socket', this.brokerSocket, '--kernel-user', String(process.getuid()),
      '--scan-user', 'nobody', '--scratch', path.join(this.folder, 'scratch')], { log: path.join(this.folder, 'broker.log') });
    await this.broker.says(/listens at/, 60_000);
    return this.broker;
  }

  async startExecutor(...more) {
    this.executor = new Program(`${this.name}'s executor`, [...this.under, program('redflag-executor'),
      '--config', path.join(this.folder, 'agent.yaml'), '--state', this.executorState, '--plugins', this.plugins,
      '--socket', this.executorSocket, '--kernel-uid', String(process.getuid()), ...more], { log: path.join(this.folder, 'executor.log') });
    await this.executor.says(/ready at/, 60_000);
    return this.executor;
  }

  // The enrolled agent talks to another port of the same address.
  reroute(from, to) {
    const file = path.join(this.folder, 'state/identity/identity.json');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(`:${from}`, `:${to}`), { mode: 0o600 });
  }

  status() {
    const result = runToEnd(this.command('status', '--format', 'json'), { allowFailure: true });
    return result.status === 0 ? JSON.parse(result.stdout) : null;
  }
}

// The agent as the server shows it, once `check` holds.
export async function agentShows(api, id, what, check, timeoutMs = 30_000) {
  let agent;
  return until(async () => {
    agent = await api.get(`/api/v1/agents/${id}`);
    return check(agent) ? agent : null;
  }, what, timeoutMs, () => JSON.stringify(agent, null, 1).slice(0, 3000));
}
