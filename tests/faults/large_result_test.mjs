// A result far longer than an upload: it goes from the host over the executor, the agent's spool and many uploads to the server,
// over a server that is killed or has no room and an agent that is restarted on the way, and is told once and in full.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, runToEnd, temporaryFolder, until } from '../e2e/lib/processes.mjs';
import { Middleman } from './lib/middleman.mjs';
import { removeDisks, SmallDisk } from './lib/small_disk.mjs';

after(async () => {
  removeDisks();
  await cleanUp();
});

const kMiB = 1024 * 1024;

// An agent whose updater says so many mebibytes about an install, behind a middleman; nothing is started but the server.
async function begin(fleet, mebibytes) {
  const machine = path.join(fleet.folder, 'machine');
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine, path.join(machine, 'packages'), path.join(machine, 'available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  fs.writeFileSync(path.join(machine, 'packages/nginx'), '1');
  fs.writeFileSync(path.join(machine, 'available/nginx'), '2');
  fs.writeFileSync(path.join(machine, 'chatty'), String(mebibytes));
  const { sha256 } = JSON.parse(fs.readFileSync(path.join(plugins, 'test.updater.json'), 'utf8'));
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', `version: 1
mode: act
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins:
  test.updater: {settings: {folder: "${machine}"}, capabilities: ["read:${machine}"], sha256: ${sha256}}
policy:
  allow:
    - {action: test.updater/install, packages: ["*"], when: always}
`, { plugins, act: true });
  const middleman = new Middleman(fleet);
  agent.reroute(fleet.port, await middleman.listen());
  return { api, agent, middleman };
}

// The server may be out of reach while it is asked.
const first = async (api, rows) => (await api.get(rows).catch(() => undefined))?.items[0];

async function approve({ api, agent }) {
  await agent.startExecutor();
  agent.start();
  const row = await until(() => first(api, '/api/v1/updates/rows'), 'the update', 60_000, () => agent.process.output);
  await api.post('/api/v1/approvals', { update_ids: [row.id] });
}

async function assertArrives(fleet, { api, agent }, mebibytes) {
  const verified = await until(() => first(api, '/api/v1/updates/rows?name=nginx&state=verified'),
    'the update to be verified', 180_000, () => agent.process.output.slice(-3000));
  const command = await api.get(`/api/v1/commands/${verified.command_id}`);
  assert.equal(command.state, 'succeeded');
  assert.equal(command.results[0].steps[0].said.length, mebibytes * kMiB);
  assert.equal(command.results[0].steps[0].result, 'done');
  await until(() => agent.status()?.spool?.items === 0, 'an empty spool', 30_000);
  assert.deepEqual(storedParts(fleet), []);
}

const storedParts = (fleet) => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), 'SELECT part FROM upload_parts ORDER BY part'])
  .stdout.split('\n').filter(Boolean).map(Number);

test('F1: a result of 40 MiB arrives in parts, whole and once, whoever is killed on the way', async () => {
  const fleet = new Fleet('large-result');
  const stand = await begin(fleet, 40);
  const { api, agent, middleman } = stand;
  let parts = 0;
  let killed = false;
  middleman.during = async (now, _response, items) => {
    if (now !== 'sent' || items[0]?.kind !== 'part') return;
    parts += 1;
    if (parts !== 5 || killed) return;
    killed = true;
    await fleet.server.stop('SIGKILL');
    await agent.process.stop('SIGKILL');
    await fleet.startServer();
    agent.start();
  };
  try {
    await approve(stand);
    await assertArrives(fleet, stand, 40);
    assert.ok(killed, 'nobody was killed');
    assert.ok(parts >= 20 && parts < 40, `${parts} parts were sent`);
    const lists = await api.get('/api/v1/commands?limit=50');
    assert.ok(JSON.stringify(lists).length < kMiB, 'a list of commands carries no long results');
  } finally {
    middleman.close();
  }
});

test('E1: the server\'s disk fills while a result arrives in parts: what it took it keeps, and the rest comes when there is room', async () => {
  const disk = new SmallDisk(path.join(temporaryFolder('full-parts'), 'disk'), 160);
  const fleet = new Fleet('full-parts', { data: path.join(disk.folder, 'server') });
  const stand = await begin(fleet, 24);
  const { api, agent, middleman } = stand;
  const taken = [];
  let refused = null;
  let full = false;
  middleman.during = async (now, _response, items, status) => {
    if (items[0]?.kind !== 'part') return;
    if (now === 'head' && items[0].part === 2 && !full) {
      full = true;
      disk.fill();
    }
    if (now !== 'answered') return;
    if (status === 200) taken.push(items[0].part);
    else refused ??= { part: items[0].part, status };
  };
  try {
    await approve(stand);
    await until(() => refused, 'a part to be refused', 120_000, () => `${taken} were taken\n${agent.process.output.slice(-3000)}`);
    assert.deepEqual(refused, { part: taken.length, status: 503 });
    assert.deepEqual(storedParts(fleet).slice(0, taken.length), taken, 'acknowledged and lost');
    assert.equal((await api.request('GET', '/api/v1/agents')).status, 200);
    assert.ok(agent.status().spool.items > 0, 'the agent keeps it until all of it was taken');
    disk.makeSpace();
    await assertArrives(fleet, stand, 24);
    assert.deepEqual(taken, taken.map((_, part) => part), 'each part was taken once, in order');
    assert.ok(taken.length >= 12, `${taken.length} parts`);
  } finally {
    middleman.close();
    await fleet.server.stop();
  }
});
