// A server and agents of its own, in a folder of its own, started the way their users do.
import fs from 'node:fs';
import path from 'node:path';
import { Api } from './api.mjs';
import { build, Program, program, runToEnd, temporaryFolder, until } from './processes.mjs';

export class Fleet {
  constructor(name) {
    this.folder = temporaryFolder(name);
    this.data = path.join(this.folder, 'server');
    this.port = 0;
  }

  // The first start makes the data; a later one takes the same port again.
  async startServer() {
    if (!fs.existsSync(this.data)) runToEnd([program('redflag-server'), 'init', '--data', this.data]);
    fs.rmSync(path.join(this.data, 'server.url'), { force: true });
    this.server = new Program('redflag-server', [program('redflag-server'), 'serve', '--data', this.data,
      '--listen', `127.0.0.1:${this.port}`, '--web', path.join(build, 'web'),
      '--command-types', path.join(build, 'command_types')]);
    await this.server.says(/RedFlag is at (\S+)/);
    this.url = fs.readFileSync(path.join(this.data, 'server.url'), 'utf8').trim();
    this.port = Number(new URL(this.url).port);
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

  // Writes agent.yaml, enrols, and answers the agent; start() it next. `enrolment`: further options of enroll.
  enrol(name, yaml, { plugins = path.join(build, 'plugins'), enrolment = [] } = {}) {
    const folder = path.join(this.folder, name);
    fs.mkdirSync(path.join(folder, 'state'), { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(folder, 'agent.yaml'), yaml);
    const agent = new Agent(name, folder, plugins);
    const bundle = runToEnd([program('redflag-server'), 'token', 'create', '--data', this.data]).stdout;
    const enrolled = runToEnd(agent.command('enroll', '--bundle-stdin', '--format', 'json', ...enrolment), { input: bundle });
    agent.id = JSON.parse(enrolled.stdout).agent_id;
    return agent;
  }
}

export class Agent {
  constructor(name, folder, plugins) {
    Object.assign(this, { name, folder, plugins });
  }

  command(...argv) {
    return [program('redflag-agent'), '--config', path.join(this.folder, 'agent.yaml'),
      '--state', path.join(this.folder, 'state'), '--plugins', this.plugins, ...argv];
  }

  start(...argv) {
    this.process = new Program(this.name, this.command('run', ...argv), { log: path.join(this.folder, 'agent.log') });
    return this.process;
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
