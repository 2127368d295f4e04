// A result far longer than an upload: it goes from the host over the executor, the agent's spool and many uploads to the server,
// over a server that is killed and an agent that is restarted on the way, and is told once and in full.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, runToEnd, until } from '../e2e/lib/processes.mjs';
import { Middleman } from './lib/middleman.mjs';

after(cleanUp);

const kMiB = 1024 * 1024;

test('F1: a result of 40 MiB arrives in parts, whole and once, whoever is killed on the way', async () => {
  const fleet = new Fleet('large-result');
  const machine = path.join(fleet.folder, 'machine');
  const plugins = path.join(fleet.folder, 'plugins');
  for (const folder of [plugins, machine, path.join(machine, 'packages'), path.join(machine, 'available')]) fs.mkdirSync(folder);
  for (const suffix of ['.so', '.json']) fs.copyFileSync(path.join(build, `test_plugins/test.updater${suffix}`), path.join(plugins, `test.updater${suffix}`));
  fs.writeFileSync(path.join(machine, 'packages/nginx'), '1');
  fs.writeFileSync(path.join(machine, 'available/nginx'), '2');
  fs.writeFileSync(path.join(machine, 'chatty'), '40');
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
  await agent.startExecutor();
  agent.start();
  try {
    // The server is killed while it is asked.
    const first = async (rows) => (await api.get(rows).catch(() => undefined))?.items[0];
    const row = await until(() => first('/api/v1/updates/rows'), 'the update', 60_000, () => agent.process.output);
    await api.post('/api/v1/approvals', { update_ids: [row.id] });
    const verified = await until(() => first('/api/v1/updates/rows?name=nginx&state=verified'),
      'the update to be verified', 180_000, () => agent.process.output.slice(-3000));
    assert.ok(killed, 'nobody was killed');
    const command = await api.get(`/api/v1/commands/${verified.command_id}`);
    assert.equal(command.state, 'succeeded');
    assert.equal(command.results[0].steps[0].said.length, 40 * kMiB);
    assert.equal(command.results[0].steps[0].result, 'done');
    assert.ok(parts >= 20 && parts < 40, `${parts} parts were sent`);
    const sql = (query) => runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), query]).stdout.trim();
    assert.equal(sql('SELECT count(*) FROM upload_parts'), '0');
    await until(() => agent.status()?.spool?.items === 0, 'an empty spool', 30_000);
    const lists = await api.get('/api/v1/commands?limit=50');
    assert.ok(JSON.stringify(lists).length < kMiB, 'a list of commands carries no long results');
  } finally {
    middleman.close();
  }
});
