// An install that waits for its maintenance window has its packages downloaded beforehand: the repository is taken away before
// the window opens, and what was downloaded is installed all the same; what could not be downloaded says so, and still waits for its turn.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AptMachine } from './lib/apt_machine.mjs';
import { Ctl } from './lib/ctl.mjs';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, freePort, Program, runToEnd, until } from './lib/processes.mjs';

const name = 'early-download';
const machine = new AptMachine(name);
const fleet = new Fleet(name);
const ctl = new Ctl(name);
const waiting = { name: 'redflag-demo-broken', from: '1.0' };
const { update } = machine;
let api;
let agent;
let repository;
let opens;

after(cleanUp);

const said = () => agent.process.output.slice(-1500) + agent.executor.output.slice(-1500);
const show = (id) => ctl.done('commands', 'show', id);
const newest = (type) => ctl.done('commands', 'list', '--agent-id', agent.id, '--type', type, '--limit', '1').items[0];
const row = (wanted) => ctl.done('updates', 'rows', '--name', wanted.name).items.find(({ name: found }) => found === wanted.name);
const reaches = (id, state, timeoutMs) => {
  let command;
  return until(() => {
    command = show(id);
    return command.state === state && command;
  }, `${id} to be ${state}`, timeoutMs, () => JSON.stringify(command) + said());
};
const archives = () => fs.readdirSync(path.join(machine.root, 'var/cache/apt/archives')).filter((file) => file.endsWith('.deb'));

// Approves it, and answers its install with the download that was ordered for that.
async function ordered(wanted) {
  const { id } = await until(() => row(wanted), `${wanted.name} to be found`, 60_000, said);
  ctl.done('approvals', 'create', '--update-ids', id);
  const install = await until(() => {
    const { command_id } = row(wanted);
    const command = command_id && show(command_id);
    return command && command.type === 'install_updates' && command.preparation && command;
  }, `${wanted.name} to be planned, and its download ordered`, 60_000, () => JSON.stringify(row(wanted)) + said());
  return { install, download: install.preparation.command_id };
}

before(async () => {
  machine.make();
  // Over HTTP, as from a distributor: what lies in a folder is used where it lies.
  const port = await freePort();
  repository = new Program('repository', ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', path.join(machine.folder, 'repo')],
    { env: { PATH: process.env.PATH } });
  const sources = path.join(machine.root, 'etc/apt/sources.list');
  const lines = fs.readFileSync(sources, 'utf8').replace(/file:\S+/g, `http://127.0.0.1:${port}/`);
  fs.writeFileSync(sources, lines);
  fs.rmSync(machine.lists, { recursive: true });
  fs.mkdirSync(path.join(machine.lists, 'partial'), { recursive: true });
  await until(() => runToEnd(['apt-get', '-qq', '-o', `Dir=${machine.root}`, '-o', `Dir::State::status=${machine.root}/var/lib/dpkg/status`,
    '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=0', '-o', 'APT::Update::Error-Mode=any', 'update'], { allowFailure: true }).status === 0, 'the lists to be fetched', 30_000);
  await fleet.startServer();
  api = await fleet.signIn();
  await ctl.login(api, fleet);
  agent = fleet.enrol('agent', `version: 1
mode: act
schedule: {jitter: 0s}
isolation: best
plugins:
  apt: {settings: ${JSON.stringify(machine.settings(fleet.folder))}}
policy:
  allow:
    - {action: apt/install, packages: ["*"], when: always}
`, { act: true });
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 1, 60_000);
  const [place] = (await api.get('/api/v1/clients')).items;
  await api.request('PUT', `/api/v1/sites/${place.sites[0].id}/time-zone`, { time_zone: 'UTC' });
  opens = Math.ceil((Date.now() + 120_000) / 60_000) * 60_000;
  await api.post('/api/v1/maintenance-windows',
    { name: 'Night', client_id: place.id, rule: { repeat: 'daily', time: new Date(opens).toISOString().slice(11, 16) }, length_minutes: 3 });
});

test('an install in its window uses what was downloaded before, although the repository is gone by then', async () => {
  const first = await ordered(update);
  assert.deepEqual([first.install.state, Date.parse(first.install.not_before)], ['scheduled', opens]);
  const download = await reaches(first.download, 'succeeded', 40_000);
  assert.deepEqual([download.type, download.actions[0].action, download.plan_hash], ['download_updates', 'download', first.install.plan_hash]);
  assert.ok(download.results[0].download_bytes > 0 && download.log.length > 0, JSON.stringify(download));
  assert.ok(archives().some((file) => file.startsWith(`${update.name}_${update.to}`)), archives().join(' '));
  assert.equal(machine.installed(update), update.from);
  const { preparation, next } = show(first.install.id);
  assert.equal(preparation.state, 'succeeded');
  assert.match(next, /^its packages are downloaded already; /);
  assert.match(row(update).next, /^its packages are downloaded already; /);

  await repository.stop();
  fs.rmSync(path.join(machine.folder, 'repo'), { recursive: true });

  // Seen, and nothing that the install would fail for before its turn.
  const second = await ordered(waiting);
  const failed = await reaches(second.download, 'failed', 40_000);
  assert.equal(failed.reason.code, 'apt.download_failed');
  const told = show(second.install.id);
  assert.equal(told.state, 'scheduled');
  assert.match(told.next, /^its packages could not be downloaded beforehand, .*: the install downloads what is missing/);
  assert.ok(Date.now() < opens, 'all of it before the window');
  assert.equal(newest('download_updates').id, second.download, 'it is not tried again at once');

  const ended = await reaches(first.install.id, 'succeeded', opens - Date.now() + 60_000);
  const began = Date.parse(ended.transitions.find(({ to }) => to === 'running').at);
  assert.ok(began >= opens, `${began} is not before ${opens}`);
  assert.equal(machine.installed(update), update.to);
  assert.equal((await reaches(second.install.id, 'failed', 60_000)).reason.code, 'apt.download_failed');
  assert.equal(machine.installed(waiting), waiting.from);
});
