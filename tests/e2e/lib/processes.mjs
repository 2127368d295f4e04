// Starting, watching and ending the programs under test. Everything that was started is ended by its id, also on failure.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const build = process.env.REDFLAG_BUILD ?? path.join(repository, 'build/release');
export const program = (name) => path.join(build, 'bin', name);

const running = new Set();
const folders = new Set();

export function temporaryFolder(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `redflag-${name}-`));
  fs.chmodSync(folder, 0o755);
  folders.add(folder);
  return folder;
}

// A running program whose output is kept. `user` (a name) drops root's rights.
export class Program {
  constructor(name, command, { user, env, log } = {}) {
    const argv = user
      ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command]
      : command;
    this.name = name;
    this.output = '';
    this.exit = null;
    this.child = spawn(argv[0], argv.slice(1), { env: env ?? { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this);
    const keep = (chunk) => {
      this.output = (this.output + chunk).slice(-1_000_000);
      if (log) fs.appendFileSync(log, chunk);
    };
    this.child.stdout.on('data', keep);
    this.child.stderr.on('data', keep);
    this.ended = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        this.exit = { code, signal };
        running.delete(this);
        resolve(this.exit);
      });
    });
  }

  get pid() {
    return this.child.pid;
  }

  async says(pattern, timeoutMs = 20_000) {
    return until(() => {
      const match = this.output.match(pattern);
      if (!match && this.exit) throw new Error(`${this.name} ended (${JSON.stringify(this.exit)}):\n${this.output.slice(-2000)}`);
      return match;
    }, `${this.name} to say ${pattern}`, timeoutMs, () => this.output.slice(-2000));
  }

  async stop(signal = 'SIGTERM', timeoutMs = 15_000) {
    if (this.exit) return this.exit;
    this.child.kill(signal);
    const late = new Promise((resolve) => setTimeout(() => resolve(null), timeoutMs).unref());
    const exit = await Promise.race([this.ended, late]);
    if (!exit) {
      this.child.kill('SIGKILL');
      await this.ended;
      throw new Error(`${this.name} did not end within ${timeoutMs} ms of ${signal}:\n${this.output.slice(-2000)}`);
    }
    return exit;
  }
}

export function runToEnd(command, { user, input, env, allowFailure, timeoutMs = 120_000 } = {}) {
  const argv = user ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command] : command;
  const result = spawnSync(argv[0], argv.slice(1), {
    input, env: env ?? { PATH: process.env.PATH }, encoding: 'utf8', maxBuffer: 64 << 20, timeout: timeoutMs,
  });
  if (!allowFailure && result.status !== 0) {
    throw new Error(`${command.join(' ')}: exit ${result.status}\n${result.stdout}\n${result.stderr}`);
  }
  return result;
}

// A port of loopback that nobody listens at, for who has to be told before it listens.
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until `check` answers something truthy; what it threw last, and `explain()`, are in the error.
export async function until(check, what, timeoutMs = 20_000, explain = () => '') {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}\n${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Ends what is left and removes the folders (kept when REDFLAG_KEEP is set, to look at).
export async function cleanUp() {
  for (const program of [...running].reverse()) {
    try {
      await program.stop('SIGTERM', 12_000);
    } catch (error) {
      console.error(String(error));
    }
  }
  if (process.env.REDFLAG_KEEP) return;
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
}
