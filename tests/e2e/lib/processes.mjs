// Starting, watching and ending the programs under test. Everything that was started is ended by its id, also on failure.
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
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

// Limits below and of those who call are of a machine that is idle. They only end what hangs, and who shares a slow one
// with others has so many times as long; what may take only so long is measured by the test that says so.
export const kPatience = 4;

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
      const end = () => resolve(this.exit);
      this.child.on('exit', (code, signal) => {
        this.exit = { code, signal };
        running.delete(this);
        // Its last words are read by then, unless a child of its own keeps the pipe.
        setTimeout(end, 100);
      });
      this.child.on('close', end);
    });
    this.listeners = new Set();  // who waits for it to say something
    const tell = () => [...this.listeners].forEach((look) => look());
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', tell);
    this.ended.then(() => {
      this.silent = true;
      tell();
    });
  }

  get pid() {
    return this.child.pid;
  }

  // As soon as the line is whole.
  async says(pattern, timeoutMs = 20_000) {
    let look;
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        const give = (why) => reject(new Error(`${why}:\n${this.output.slice(-2000)}`));
        look = () => {
          const match = (this.silent ? this.output : this.output.slice(0, this.output.lastIndexOf('\n') + 1)).match(pattern);
          if (match) resolve(match);
          else if (this.silent) give(`${this.name} ended (${JSON.stringify(this.exit)})`);
        };
        timer = setTimeout(() => give(`waited ${timeoutMs * kPatience} ms for ${this.name} to say ${pattern}`), timeoutMs * kPatience);
        this.listeners.add(look);
        look();
      });
    } finally {
      clearTimeout(timer);
      this.listeners.delete(look);
    }
  }

  async stop(signal = 'SIGTERM', timeoutMs = 15_000) {
    if (this.exit) return this.exit;
    this.child.kill(signal);
    const late = new Promise((resolve) => setTimeout(() => resolve(null), timeoutMs * kPatience).unref());
    const exit = await Promise.race([this.ended, late]);
    if (!exit) {
      this.child.kill('SIGKILL');
      await this.ended;
      throw new Error(`${this.name} did not end within ${timeoutMs * kPatience} ms of ${signal}:\n${this.output.slice(-2000)}`);
    }
    return exit;
  }
}

export function runToEnd(command, { user, input, env, allowFailure, timeoutMs = 120_000 } = {}) {
  const argv = user ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command] : command;
  const result = spawnSync(argv[0], argv.slice(1), {
    input, env: env ?? { PATH: process.env.PATH }, encoding: 'utf8', maxBuffer: 64 << 20, timeout: timeoutMs * kPatience,
  });
  if (!allowFailure && result.status !== 0) {
    throw new Error(`${command.join(' ')}: exit ${result.status}\n${result.stdout}\n${result.stderr}`);
  }
  return result;
}

// A port of loopback that nobody listens at, for who has to be told before it listens: none of those that the kernel gives to
// whoever connects meanwhile.
export async function freePort() {
  for (;;) {
    const port = 10_000 + randomInt(20_000);
    const free = await new Promise((resolve) => {
      const probe = net.createServer().on('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until `check` answers something truthy, often at first; what it threw last, and `explain()`, are in the error.
export async function until(check, what, timeoutMs = 20_000, explain = () => '') {
  const end = Date.now() + timeoutMs * kPatience;
  for (let pauseMs = 15; ; pauseMs = Math.min(100, pauseMs * 1.5)) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs * kPatience} ms for ${what}\n${explain()}`);
    await sleep(pauseMs);
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
