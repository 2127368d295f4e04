// Settings of agents by profiles, with real agents: what a client wishes is in force on its machines and said to come from
// the server; agent.yaml wins where it speaks; what is not opened is shown as refused; what is taken out falls back.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from './lib/fleet.mjs';
import { cleanUp, kPatience, program, runToEnd, temporaryFolder, until } from './lib/processes.mjs';

const fleet = new Fleet('profiles');
let api;
let client;
const agents = {};

after(cleanUp);

const yaml = (more) => `version: 1
mode: report
isolation: best
plugins:
  storage:
${more}
`;

const effective = (agent, key) => {
  const shown = JSON.parse(runToEnd(agent.command('config', 'show', '--effective', '--format', 'json')).stdout).values;
  const { value, source } = shown.find((one) => one.key === key);
  return [value, source];
};

async function settingOf(agent, key) {
  const { items } = await api.get(`/api/v1/agents/${agent.id}/settings`);
  return items.find((one) => one.key === key);
}

const becomes = (agent, key, what, check) => until(async () => {
  const one = await settingOf(agent, key);
  return one && check(one) ? one : null;
}, what, 60_000, () => `${agent.process.output.slice(-1500)}\n${fleet.server.output.slice(-1500)}`);

const orders = async (agent) => (await api.get(`/api/v1/commands?type=configure&agent_id=${agent.id}`)).items;

before(async () => {
  await fleet.startServer();
  api = await fleet.signIn();
  [client] = (await api.get('/api/v1/clients')).items;
  agents.open = fleet.enrol('open', yaml('policy: {server_may_set: [schedule, log, "plugins.*.settings"]}'));
  agents.own = fleet.enrol('own', yaml('schedule: {every: 9h}\npolicy: {server_may_set: [schedule]}'));
  agents.closed = fleet.enrol('closed', yaml('policy: {server_may_set: []}'));
  for (const agent of Object.values(agents)) agent.start();
  for (const agent of Object.values(agents)) await becomes(agent, 'schedule.every', `${agent.name} to tell`, (one) => one.told);
});

test('an agent tells which values are in force and where each came from', async () => {
  assert.deepEqual(await settingOf(agents.open, 'schedule.every').then(({ value, from, opened, wished }) => ({ value, from, opened, wished })),
    { value: '6h', from: 'default', opened: true, wished: null });
  const own = await settingOf(agents.own, 'schedule.every');
  assert.deepEqual([own.value, own.from, own.line], ['9h', 'yaml', 6]);
  assert.equal((await settingOf(agents.closed, 'schedule.every')).opened, false);
});

let profile;

test('a preview says whom a change reaches, and saves nothing', async () => {
  const wish = { client_id: client.id, name: 'Often', settings: { schedule: { every: '2h' } } };
  const reach = await api.post('/api/v1/profiles?preview=1', wish);
  assert.deepEqual([reach.agents, reach.refuse, reach.refusing.length], [3, 2, 2]);
  assert.deepEqual(reach.values.map(({ key, before: was, after: becomesNow, drift }) => [key, was, becomesNow, drift.pending, drift.refused, drift.local]),
    [['schedule.every', null, '2h', 1, 1, 1]]);
  assert.deepEqual((await api.get('/api/v1/profiles')).items, []);
});

test('what no agent would take is refused with the field and what was expected', async () => {
  for (const [settings, field, expected] of [
    [{ schedule: { every: 'often' } }, '/settings/schedule/every', /a duration like/],
    [{ schedule: { evry: '2h' } }, '/settings/schedule/evry', /did you mean every/],
    [{ mode: 'act' }, '/settings/mode', /unknown key/],
    [{}, '/settings', /at least one/]]) {
    const { status, body } = await api.request('POST', '/api/v1/profiles', { client_id: client.id, name: 'Wrong', settings }, { allowProblem: true });
    assert.deepEqual([status, body.field], [422, field]);
    assert.match(body.detail, expected);
  }
});

test('a client\'s value comes into force where it may, and each machine says what it has', async () => {
  profile = await api.post('/api/v1/profiles', { client_id: client.id, name: 'Often', settings: { schedule: { every: '2h' } } });
  const open = await becomes(agents.open, 'schedule.every', 'the value to be in force', (one) => one.drift === 'as_desired');
  assert.deepEqual([open.value, open.from, open.level, open.profile_name], ['2h', 'server', 'client', 'Often']);
  assert.deepEqual(effective(agents.open, 'schedule.every'), ['2h', 'the server']);

  const own = await settingOf(agents.own, 'schedule.every');
  assert.deepEqual([own.value, own.from, own.drift], ['9h', 'yaml', 'local']);
  assert.match(own.text, /agent\.yaml of the machine sets it itself, line 6/);
  assert.equal(effective(agents.own, 'schedule.every')[0], '9h');

  const closed = await settingOf(agents.closed, 'schedule.every');
  assert.equal(closed.drift, 'refused');
  assert.match(closed.text, /server_may_set of the machine does not include schedule\.every/);
  assert.deepEqual(effective(agents.closed, 'schedule.every'), ['6h', 'default']);

  const [order, ...more] = await orders(agents.open);
  assert.deepEqual([order.state, order.actor, more.length], ['succeeded', 'profile Often', 0]);
  for (const agent of [agents.own, agents.closed]) assert.deepEqual(await orders(agent), []);
  const place = await api.get(`/api/v1/profiles/place?client_id=${client.id}`);
  assert.deepEqual([place.agents, place.drift.as_desired, place.drift.local, place.drift.refused], [3, 1, 1, 1]);
});

test('a group\'s value comes before its client\'s, for as long as the machine is in the group', async () => {
  const group = await api.post('/api/v1/groups', { client_id: client.id, name: 'Tills', agent_ids: [agents.open.id] });
  await api.post('/api/v1/profiles', { client_id: client.id, group_id: group.id, name: 'Seldom', settings: { schedule: { every: '5h' } } });
  const open = await becomes(agents.open, 'schedule.every', 'the group\'s value', (one) => one.value === '5h' && one.drift === 'as_desired');
  assert.deepEqual([open.level, open.group_name, open.profile_name], ['group', 'Tills', 'Seldom']);
  assert.deepEqual(effective(agents.open, 'schedule.every'), ['5h', 'the server']);
  await api.request('DELETE', `/api/v1/groups/${group.id}`);
  await becomes(agents.open, 'schedule.every', 'its client\'s again', (one) => one.value === '2h' && one.level === 'client');
});

test('a nearer level counts, and what is taken out there falls back to the wider one', async () => {
  const of_agent = await api.post('/api/v1/profiles', { agent_id: agents.open.id, name: 'This one', settings: { schedule: { every: '1h' }, log: { level: 'debug' } } });
  await becomes(agents.open, 'schedule.every', 'the machine\'s own value', (one) => one.value === '1h' && one.level === 'agent');
  await becomes(agents.open, 'log.level', 'its log level', (one) => one.value === 'debug');
  await api.request('DELETE', `/api/v1/profiles/${of_agent.id}`);
  await becomes(agents.open, 'schedule.every', 'the client\'s value again', (one) => one.value === '2h' && one.drift === 'as_desired');
  const level = await becomes(agents.open, 'log.level', 'the default log level', (one) => one.value === 'info');
  assert.deepEqual([level.from, level.wished], ['default', null]);
});

test('a machine that joins gets its client\'s profile right after its enrolment', async () => {
  const late = fleet.enrol('late', yaml('policy: {server_may_set: [schedule]}'));
  late.start();
  await becomes(late, 'schedule.every', 'the value', (one) => one.value === '2h' && one.from === 'server');
  assert.deepEqual(effective(late, 'schedule.every'), ['2h', 'the server']);
});

test('a value that only the plugin can judge is refused once, with the agent\'s own words', async () => {
  const bad = await api.post('/api/v1/profiles', { agent_id: agents.open.id, name: 'Bad', settings: { plugins: { storage: { settings: { no_such_setting: 1 } } } } });
  const one = await becomes(agents.open, 'plugins.storage.settings.no_such_setting', 'the refusal', (it) => it.text?.includes('unknown key'));
  assert.ok(['pending', 'refused'].includes(one.drift), one.drift);
  assert.equal((await orders(agents.open)).filter(({ state }) => state === 'failed' || state === 'refused').length, 1);
  await api.request('DELETE', `/api/v1/profiles/${bad.id}`);
});

test('redflagctl shows and changes the same', async () => {
  const account = await api.post('/api/v1/service-accounts', { name: 'script', grants: [{ role: 'admin', client_id: null, site_id: null }] });
  const { token } = await api.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'one', expires_in_s: 600 });
  const home = temporaryFolder('profiles-ctl');
  const ctl = (words, input = '') => {
    const ended = spawnSync(program('redflagctl'), words, { env: { PATH: process.env.PATH, HOME: home }, input, encoding: 'utf8', timeout: 60_000 * kPatience });
    assert.equal(ended.status, 0, ended.stderr);
    return ended.stdout;
  };
  ctl(['login', '--server', fleet.url, '--ca', path.join(fleet.data, 'ca.pem')], `${token}\n`);
  assert.match(ctl(['profiles', 'list']), /Often\s+client/);
  assert.match(ctl(['agents', 'settings', agents.own.id]), /schedule\.every\s+9h\s+yaml\s+2h\s+client\s+-\s+local/);
  ctl(['profiles', 'change', profile.id, '--name', 'Often', '--settings', '{"schedule":{"every":"3h"}}']);
  await becomes(agents.open, 'schedule.every', 'what the script wished', (one) => one.value === '3h');
});

test('without the profile every machine has its own again, and the log knows who did what', async () => {
  await api.request('DELETE', `/api/v1/profiles/${profile.id}`);
  const open = await becomes(agents.open, 'schedule.every', 'the default', (one) => one.value === '6h');
  assert.deepEqual([open.from, open.wished], ['default', null]);
  assert.deepEqual(effective(agents.open, 'schedule.every'), ['6h', 'default']);
  const texts = (await api.get('/api/v1/audit?kind=profile')).items.map(({ text }) => text);
  assert.ok(texts.some((text) => /^changed the profile Often, at .*: schedule\.every 2h -> 3h$/.test(text)), JSON.stringify(texts));
  assert.ok(texts.some((text) => /^removed the profile Often, at .*: schedule\.every taken out, it was 3h$/.test(text)), JSON.stringify(texts));
});
