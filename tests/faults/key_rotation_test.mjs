// Row A11 for keys that are replaced: an agent makes a new key when it is ordered to, the old one opens nothing after its grace,
// and whoever is killed in between leaves an agent that works.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';
import { ed25519 } from './lib/envelope.mjs';
import { Middleman } from './lib/middleman.mjs';
import { LoneAgent } from './lib/raw_tls.mjs';
import { random } from './lib/random.mjs';

const seed = Number(process.env.REDFLAG_SEED ?? randomInt(2 ** 31));
const yaml = 'version: 1\nmode: report\nisolation: best\nschedule: {every: 1h, jitter: 0s}\nplugins: {system: {}}\n';

let fleet;
let api;
let middleman;
let agent;

before(async () => {
  fleet = new Fleet('key-rotation');
  await fleet.startServer();
  api = await fleet.signIn();
  middleman = new Middleman(fleet);
  const port = await middleman.listen();
  agent = fleet.enrol('agent', yaml);
  agent.reroute(fleet.port, port);
});
after(async () => {
  middleman?.close();
  await cleanUp();
});

const history = async (id) => (await api.get(`/api/v1/agents/${id}/history?limit=200`)).items;
const recorded = async (id, kind) => (await history(id)).filter((entry) => entry.subsystem === 'security' && entry.kind === kind);
const command = (id) => api.get(`/api/v1/commands/${id}`);
const orderNewKeys = async (...agents) => (await api.post('/api/v1/commands', { type: 'rotate_keys', agent_ids: agents.map(({ id }) => id), parameters: {} })).items.map(({ id }) => id);
const fetched = (lone) => lone.post('/agent/v1/commands/fetch', '{}');
const connected = (one) => until(() => one.status()?.link?.state === 'connected', `${one.name} connected`, 60_000,
  () => JSON.stringify(one.status()?.link) + one.process.output.slice(-2000));

async function succeeded(id, one = agent) {
  let seen;
  await until(async () => {
    seen = await command(id);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(seen.state);
  }, `order ${id} to end`, 60_000, () => JSON.stringify(seen) + one.process.output.slice(-3000));
  assert.equal(seen.state, 'succeeded', JSON.stringify(seen) + one.process.output.slice(-3000));
  return seen;
}

async function restartServer() {
  if (fleet.server.exit === null) await fleet.server.stop();
  await fleet.startServer();
  api = await fleet.signIn();
}

async function kill(program) {
  program.child.kill('SIGKILL');
  await program.ended;
}

test('many machines make new keys by one order each, and what has an old key is refused', async () => {
  const other = fleet.enrol('other', yaml);
  for (const one of [agent, other]) one.start();
  for (const one of [agent, other]) await connected(one);
  await other.process.stop();
  const copy = new Agent('copy', path.join(fleet.folder, 'copy'), path.join(build, 'plugins'), false);
  fs.cpSync(other.folder, copy.folder, { recursive: true, filter: (file) => !file.endsWith('.sock') && !file.endsWith('.lock') });
  other.start();
  await connected(other);

  const ids = await orderNewKeys(agent, other);
  assert.deepEqual(await orderNewKeys(agent, other), ids, 'ordered twice, they are the same commands');
  for (const [i, one] of [agent, other].entries()) {
    const done = await succeeded(ids[i], one);
    const [entry] = await recorded(one.id, 'agent.key_rotated');
    assert.ok(entry.text.includes(done.results[0].key_id), `${entry.text} ${JSON.stringify(done.results)}`);
    assert.equal(entry.command_id, ids[i]);
    await connected(one);
  }
  // With the new keys.
  const scan = (await api.post('/api/v1/commands', { type: 'scan', agent_ids: [other.id], parameters: {} })).items[0].id;
  await succeeded(scan, other);
  await other.process.stop();

  copy.start();
  await until(() => copy.status()?.link?.state === 'refused', 'the old key to be refused', 40_000, () => JSON.stringify(copy.status()?.link));
  assert.equal((await recorded(other.id, 'signature.old_key')).length, 1);
  assert.equal((await api.get(`/api/v1/agents/${other.id}`)).identity.state, 'active', 'it changes nothing for the agent');
  await copy.process.stop();
  other.start();
  await connected(other);
  await other.process.stop();
});

test('A11: the old key is 401 after the grace, and once the new one was used', async () => {
  for (const used of [false, true]) {
    const lone = new LoneAgent(fleet);
    await lone.enrol();
    lone.take(await lone.renew());
    const [id] = await orderNewKeys(lone);
    assert.equal((await fetched(lone)).json.commands.length, 1);
    const [oldKey, newKey] = [lone.key, ed25519()];
    assert.equal((await lone.handOver('01JM8ZC9T0QK5V3N7RWX2YBD4E', newKey)).status, 404, 'nobody ordered that');
    assert.equal((await lone.handOver(id, newKey, { forge: { key: newKey } })).status, 401, 'the new key alone asks for nothing');
    assert.equal((await lone.handOver(id, newKey)).status, 200);
    assert.equal((await fetched(lone)).status, 200, 'what is under way goes on');
    assert.equal((await lone.handOver(id, newKey, { forge: { key: newKey } })).status, 200, 'who lost the answer asks again');
    assert.equal((await lone.handOver(id, ed25519())).status, 409, 'the old key hands over once');
    assert.equal((await recorded(lone.id, 'key.conflict')).length, 1);
    if (used) {
      lone.key = newKey;
      lone.take(await lone.renew());
      lone.key = oldKey;
    } else {
      runToEnd(['sqlite3', path.join(fleet.data, 'redflag.db'), '.timeout 5000', `UPDATE agents SET old_key_until = 1 WHERE agent_id = '${lone.id}'`]);
    }
    for (const answer of [await fetched(lone), await lone.renew(), await lone.handOver(id, newKey)]) {
      assert.equal(answer.status, 401);
      assert.equal(answer.json.code, 'signature.invalid');
    }
    const [entry] = await recorded(lone.id, 'signature.old_key');
    assert.match(entry.text, /signed with the key that it had before/);
    lone.key = newKey;
    lone.take(await lone.renew());
    assert.equal((await fetched(lone)).status, 200);
  }
});

for (const step of ['asked', 'answered']) {
  for (const victim of ['agent', 'server']) {
    test(`the ${victim} is killed while a new key is ${step}: the agent works, and the order has one outcome`, async () => {
      await connected(agent);
      const killed = new Promise((resolve) => {
        middleman.duringHandover = async (reached, response) => {
          if (reached !== step) return;
          middleman.duringHandover = async () => {};
          await kill(victim === 'agent' ? agent.process : fleet.server);
          response.destroy();
          resolve();
        };
      });
      const before = (await recorded(agent.id, 'agent.key_rotated')).length;
      const [id] = await orderNewKeys(agent);
      await killed;
      if (victim === 'agent') agent.start();
      else await restartServer();
      await succeeded(id);
      await connected(agent);
      assert.equal((await recorded(agent.id, 'agent.key_rotated')).length, before + 1);
      assert.ok(!fs.existsSync(path.join(agent.folder, 'state/identity/next-key.json')));
      assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).identity.state, 'active', 'no copy is seen where there is none');
    });
  }
}

test(`agent and server are killed at any moment around it (REDFLAG_SEED=${seed})`, async () => {
  const next = random(seed);
  for (let i = 0; i < 4; i += 1) {
    await connected(agent);
    const [id] = await orderNewKeys(agent);
    await sleep(Math.floor(next() * 400));
    if (next() < 0.5) {
      await kill(agent.process);
      agent.start();
    } else {
      await kill(fleet.server);
      await restartServer();
    }
    await succeeded(id);
    await connected(agent);
    assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).identity.state, 'active');
  }
  assert.equal((await recorded(agent.id, 'signature.old_key')).length, 0, 'the agent never uses a key that is over');
  await fleet.server.stop();
});
