// Maintenance windows with a real server, agent and executor: what changes the machine waits outside of its window and runs
// inside, what did not get its turn before the window closed waits for the next one, and a person with a reason need not
// wait. The agent's `systemctl` is a stand-in in a mount namespace of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Ctl } from './lib/ctl.mjs';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, runToEnd, sleep, temporaryFolder, until } from './lib/processes.mjs';

const fleet = new Fleet('windows');
const stand = temporaryFolder('windows-stand-in');
const calls = path.join(stand, 'calls');
let api;
let agent;
let place;
let beginningMs;  // how long this machine takes to begin

after(cleanUp);

const rows = (question) => JSON.parse(runToEnd(['sqlite3', '-readonly', '-json', path.join(fleet.data, 'redflag.db'), question]).stdout || '[]');
const called = () => fs.readFileSync(calls, 'utf8').split('\n').filter(Boolean).map((line) => ({ at: Number(line.split(' ')[0]) * 1000, what: line.slice(line.indexOf(' ') + 1) }));
const show = (id) => api.get(`/api/v1/commands/${id}`);
const restart = async (service, more = {}) =>
  (await api.post('/api/v1/commands', { type: 'restart_services', agent_ids: [agent.id], parameters: { services: [service] }, ...more })).items[0];
const reaches = async (id, state, timeoutMs) => {
  let command;
  return until(async () => {
    command = await show(id);
    return command.state === state ? command : null;
  }, `${id} to be ${state}`, timeoutMs, () => JSON.stringify(command) + agent.executor.output.slice(-1500));
};

before(async () => {
  fs.writeFileSync(path.join(stand, 'systemctl'), `#!/bin/sh
echo "$(date +%s) $*" >> ${calls}
case "$*" in
  "restart -- slow.service") while [ ! -e ${stand}/go-on ]; do sleep 0.1; done ;;
  *is-active*) echo active ;;
esac
`, { mode: 0o755 });
  fs.writeFileSync(path.join(stand, 'enter'), `#!/bin/sh
set -e
mount --bind ${stand}/systemctl /usr/bin/systemctl
exec "$@"
`, { mode: 0o755 });
  fs.writeFileSync(calls, '');
  const began = Date.now();
  await fleet.startServer();
  api = await fleet.signIn();
  agent = fleet.enrol('agent', `version: 1
mode: act
schedule: {jitter: 0s}
isolation: best
plugins:
  system:
policy:
  allow:
    - {action: "system/*", when: always}
`, { act: true });
  agent.under = ['unshare', '--mount', '--propagation', 'private', path.join(stand, 'enter')];
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'the agent', (shown) => shown.connection === 'connected' && shown.plugins.length === 1);
  [place] = (await api.get('/api/v1/clients')).items;
  beginningMs = Date.now() - began;
});

// A minute long, on the site's clocks (5:45 ahead of UTC, all year).
async function windowAt(opens) {
  const [site] = place.sites;
  await api.request('PUT', `/api/v1/sites/${site.id}/time-zone`, { time_zone: 'Asia/Kathmandu' });
  const time = new Date(opens + (5 * 60 + 45) * 60_000).toISOString().slice(11, 16);
  const wish = { name: 'Night', client_id: place.id, rule: { repeat: 'daily', time }, length_minutes: 1 };
  const preview = await api.post('/api/v1/maintenance-windows/preview', wish);
  assert.deepEqual(preview.zones.map(({ agents, next }) => [agents, next.length, Date.parse(next[0].opens_at)]), [[1, 5, opens]]);
  return api.post('/api/v1/maintenance-windows', wish);
}

test('an order waits for the window and runs inside; what did not get its turn waits for the next', async () => {
  // Who waits is announced every twenty seconds; and what comes before is over by then on a slow machine, too.
  const opens = Math.ceil((Date.now() + Math.max(30_000, 8 * beginningMs)) / 60_000) * 60_000;
  const closes = opens + 60_000;
  const window = await windowAt(opens);
  const [site] = place.sites;
  const inForce = await api.get(`/api/v1/sites/${site.id}/maintenance-windows`);
  assert.deepEqual([inForce.from, inForce.open, inForce.items[0].id, Date.parse(inForce.next[0].closes_at)], ['client', false, window.id, closes]);
  const shown = (await api.get(`/api/v1/agents/${agent.id}`)).window;
  assert.deepEqual([shown.from, shown.name, shown.open, Date.parse(shown.opens_at)], ['client', 'Night', false, opens]);

  const slow = await restart('slow.service');
  const next = await restart('good.service');
  assert.deepEqual([slow.state, Date.parse(slow.window.opens_at), Date.parse(slow.expires_at)], ['scheduled', opens, closes]);
  assert.match((await show(slow.id)).waiting_for, /^the window "Night" of the client .*, which opens at /);
  const { windows: [soon] } = await api.get('/api/v1/overview');
  assert.deepEqual([soon.agents, soon.site_id, Date.parse(soon.opens_at)], [1, site.id, opens]);
  // What changes nothing does not wait.
  const { items: [scan] } = await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: { plugins: ['system'] } });
  await reaches(scan.id, 'succeeded', 40_000);

  await sleep(Math.max(0, opens - 5_000 - Date.now()));
  assert.deepEqual([(await show(slow.id)).state, called()], ['scheduled', []]);
  await until(() => called().length > 0, 'the restart to begin', 30_000, () => agent.executor.output.slice(-1500));
  const [begun] = called();
  assert.equal(begun.what, 'restart -- slow.service');
  assert.ok(begun.at >= opens && begun.at < closes, `${begun.at} between ${opens} and ${closes}`);

  await sleep(Math.max(0, closes + 1_000 - Date.now()));
  fs.writeFileSync(path.join(stand, 'go-on'), '');
  await reaches(slow.id, 'succeeded', 40_000);
  const refused = await reaches(next.id, 'refused', 30_000);
  assert.equal(refused.reason.code, 'expired');
  const passed = await until(async () => (await api.get('/api/v1/commands?state=scheduled')).items[0], 'another one in its place', 30_000);
  assert.deepEqual([passed.retry_of, passed.window.missed, Date.parse(passed.not_before)], [next.id, 1, opens + 86_400_000]);
  assert.ok(called().every(({ what }) => what.endsWith('slow.service')), JSON.stringify(called()));
  assert.deepEqual(rows("SELECT kind, COUNT(*) AS times FROM history WHERE kind IN ('window.opens_soon', 'window.missed') GROUP BY kind ORDER BY kind"),
    [{ kind: 'window.missed', times: 1 }, { kind: 'window.opens_soon', times: 1 }]);

  // Now, with a reason: the same order.
  const silent = await api.request('POST', `/api/v1/commands/${passed.id}/run-outside-window`, { reason: '' }, { allowProblem: true });
  assert.equal(silent.status, 400);
  await api.post(`/api/v1/commands/${passed.id}/run-outside-window`, { reason: 'the shop is closed today' });
  const ended = await reaches(passed.id, 'succeeded', 40_000);
  assert.deepEqual([ended.outside_window, ended.window], ['the shop is closed today', null]);
  const { items: audit } = await api.get('/api/v1/audit?kind=command.outside_window');
  assert.ok(audit.some(({ actor, text }) => actor === 'alex' && text.includes('the shop is closed today')), JSON.stringify(audit));
});

test('a script sets the window of a group by redflagctl, and what is ordered for a machine of it waits for that one', async () => {
  const ctl = new Ctl('windows');
  await ctl.login(api, fleet, 'approver');
  const group = ctl.done('groups', 'create', '--client-id', place.id, '--name', 'Databases', '--agent-ids', agent.id);
  assert.deepEqual(group.members.map(({ agent_id }) => agent_id), [agent.id]);
  const wish = ['--name', 'Late', '--rule', JSON.stringify({ repeat: 'daily', time: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(11, 16) }), '--length-minutes', '60'];
  const window = ctl.done('maintenance-windows', 'create', '--group-id', group.id, ...wish);
  assert.deepEqual([window.group_name, window.site_id, window.created_by], ['Databases', null, 'script']);
  const command = ctl.done('commands', 'create', '--type', 'restart_services', '--agent-ids', agent.id, '--parameters', '{"services":["grouped.service"]}').items[0];
  assert.equal(command.state, 'scheduled');
  assert.match(ctl.done('commands', 'show', command.id).waiting_for, /^the window "Late" of the group Databases, which opens at /);
  const shown = ctl.done('agents', 'show', agent.id).window;
  assert.deepEqual([shown.from, shown.place, shown.name], ['group', 'the group Databases', 'Late']);
  for (const kind of ['window.added', 'group.added']) {
    const { items } = await api.get(`/api/v1/audit?kind=${kind}`);
    assert.ok(items.some(({ actor, text }) => actor === 'script' && text.includes('Databases')), JSON.stringify(items));
  }
  // Around a window a person goes, not a token.
  assert.doesNotMatch(ctl.run(['commands', '--help']).out, /run-outside-window/);

  ctl.run(['groups', 'delete', group.id]);
  assert.match(ctl.done('commands', 'show', command.id).waiting_for, /^the window "Night" of the client /);
  ctl.run(['commands', 'cancel', command.id]);
  assert.deepEqual(ctl.done('maintenance-windows', 'list').items.map(({ name }) => name), ['Night']);
});

test('what waits goes at once when its window is removed, and an order may be given outside of any', async () => {
  fs.writeFileSync(calls, '');
  const waiting = await restart('good.service');
  assert.equal(waiting.state, 'scheduled');
  const now = await restart('other.service', { outside_window: 'it hangs' });
  assert.equal(now.state, 'queued');
  await reaches(now.id, 'succeeded', 40_000);
  assert.equal((await show(waiting.id)).state, 'scheduled');
  for (const { id } of (await api.get('/api/v1/maintenance-windows')).items) await api.request('DELETE', `/api/v1/maintenance-windows/${id}`);
  await reaches(waiting.id, 'succeeded', 40_000);
  assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).window, null);
});
