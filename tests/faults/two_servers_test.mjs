// Row E6 where two servers share one PostgreSQL, each with a folder of its own: what an agent hands back to one of them holds
// both, until the offline keys have signed a higher epoch. And what a server needs of the other one to start.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { cleanUp, program, runToEnd, until } from '../e2e/lib/processes.mjs';
import { LoneAgent } from './lib/raw_tls.mjs';

const postgres = new Postgres('two-servers');
before(() => postgres.start());
after(async () => {
  postgres.stop();
  await cleanUp();
});

// What an agent of this server would hand back of its trust repository.
function trustOf(fleet) {
  const metadata = path.join(fleet.data, 'trust/metadata');
  const read = (name) => fs.readFileSync(path.join(metadata, name), 'utf8');
  const newest = (role) => Math.max(...fs.readdirSync(metadata).filter((name) => name.endsWith(`.${role}.json`)).map((name) => parseInt(name, 10)));
  const roots = fs.readdirSync(metadata).filter((name) => name.endsWith('.root.json'));
  const targets = read(`${newest('targets')}.targets.json`);
  const { sha256 } = JSON.parse(targets).signed.targets['trust/commands.json'].hashes;
  return { metadata: { ...Object.fromEntries(roots.map((name) => [name, read(name)])), 'timestamp.json': read('timestamp.json'),
    'snapshot.json': read(`${newest('snapshot')}.snapshot.json`), 'targets.json': targets },
  content: fs.readFileSync(path.join(fleet.data, `trust/targets/trust/${sha256}.commands.json`), 'utf8') };
}

test('E6: trust metadata that an agent hands back to one server stops the orders of both, until a person has looked', async () => {
  const one = new Fleet('one', { database: postgres.makeDatabase('redflag') });
  await one.startServer();
  const api = await one.signIn();
  const atOne = new LoneAgent(one);
  await atOne.enrol();
  atOne.take(await atOne.renew());
  await one.server.stop();
  const other = new Fleet('other', { database: one.database });
  fs.cpSync(one.data, other.data, { recursive: true, preserveTimestamps: true });
  await other.startServer();
  await one.startServer();
  await api.signIn();

  // The same agent, at either of them.
  const atOther = Object.assign(new LoneAgent(other), { key: atOne.key, id: atOne.id, token: atOne.token });
  const fetched = async (agent) => {
    const answer = await agent.post('/agent/v1/commands/fetch', '{}');
    assert.equal(answer.status, 200, answer.body);
    return answer.json.commands.length;
  };
  const order = async (type) => (await api.post('/api/v1/commands', { type, agent_ids: [atOne.id], parameters: {} })).items[0].id;
  const state = async (id) => (await api.get(`/api/v1/commands/${id}`)).state;
  await order('scan');
  assert.deepEqual([await fetched(atOther), await fetched(atOne)], [1, 1], 'both hand out orders');

  // A later list reaches one of them alone, and an agent that has seen it comes to the other one.
  one.trust.keysCommand('renew', 'targets');
  one.trust.publish();
  const newer = trustOf(one);
  const known = await atOne.post('/agent/v1/trust', JSON.stringify(newer));
  assert.deepEqual([known.status, known.json.newer], [200, false]);
  const waiting = await order('collect_diagnostics');
  const handed = await atOther.post('/agent/v1/trust', JSON.stringify(newer));
  assert.deepEqual([handed.status, handed.json.newer], [200, true]);
  assert.deepEqual([await fetched(atOther), await fetched(atOne)], [0, 0], 'and the one that is not behind holds its orders at once');
  assert.equal(await state(waiting), 'queued');
  const signing = (await api.get('/api/v1/security')).items.find((row) => row.id === 'orders');
  assert.equal(signing.level, 'critical');
  assert.match(signing.text, /set back to an earlier state: agent \S+ had newer documents/);
  const log = (await api.get('/api/v1/audit?kind=trust')).items;
  assert.ok(log.some((entry) => entry.kind === 'trust.set_back' && entry.agent_id === atOne.id), JSON.stringify(log));
  await one.server.stop();
  await one.startServer();
  await api.signIn();
  assert.equal(await fetched(atOne), 0, 'a start is no person who has looked');

  one.trust.keysCommand('commands', '--restore-epoch', '1');
  one.trust.publish();
  fs.cpSync(path.join(one.data, 'trust'), path.join(other.data, 'trust'), { recursive: true });
  for (const agent of [atOne, atOther]) await until(async () => (await fetched(agent)) > 0, 'orders to flow again', 40_000, () => one.server.output.slice(-1500));
});

test('a server without the key of second factors that the others on its database have does not start, and says what to copy', async () => {
  const one = new Fleet('first', { database: postgres.makeDatabase('second_factors') });
  await one.startServer();
  const other = path.join(one.folder, 'another');
  runToEnd([program('redflag-server'), 'init', '--data', other, '--database', one.database]);
  const refused = runToEnd([program('redflag-server'), 'serve', '--data', other, '--listen', '127.0.0.1:0'], { allowFailure: true });
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /second_factor\.key is missing.*copy keys\/second_factor\.key, mode 0600, from the folder of another server/);
  const key = path.join(other, 'keys/second_factor.key');
  assert.equal(fs.existsSync(key), false);
  const looked = runToEnd([program('redflag-server'), 'doctor', '--data', other, '--format', 'json'], { allowFailure: true });
  const shared = JSON.parse(looked.stdout).findings.filter(({ check }) => check === 'shared_keys');
  assert.deepEqual(shared.map(({ level, text }) => [level, /([a-z_]+\.key) is (missing|another)/.exec(text)?.[0]]),
    [['error', 'second_factor.key is missing'], ['warning', 'access.key is another'], ['warning', 'device.key is another']], looked.stdout);
  assert.equal(fs.existsSync(key), false, 'a look makes nothing');

  // Where no server has it any more.
  await one.server.stop();
  runToEnd([program('redflag-server'), 'init', '--data', other, '--new-second-factor-key']);
  const stale = runToEnd([program('redflag-server'), 'serve', '--data', one.data, '--listen', '127.0.0.1:0'], { allowFailure: true });
  assert.match(stale.stderr, /second_factor\.key is another key than/);
  fs.copyFileSync(key, path.join(one.data, 'keys/second_factor.key'));
  await one.startServer();
});
