// A container from its registry to the technician and back: scanned as the scanners' user through the broker, approved, planned in a
// sealed host, made anew by the executor, and verified by a second scan. On an engine and a registry of this test's own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Engine } from './lib/engine.mjs';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { cleanUp, until } from './lib/processes.mjs';

const fleet = new Fleet('docker');
const engine = new Engine(fleet.folder);

after(async () => {
  await engine.stop();
  await cleanUp();
});

test('an approved image is pulled and its container made anew, and the next scan proves it', async () => {
  await engine.start();
  const image = `${engine.registry}/shop:stable`;
  engine.publish(image, 'v1');
  engine.run('web', image, '--env', 'PASSWORD=hunter2');
  engine.publish(image, 'v2');
  const before = engine.inspect('web').Id;

  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', `version: 1
mode: act
isolation: require
schedule: {every: 1h, jitter: 0s}
plugins:
  docker: {settings: {socket: "${engine.socket}", settle_s: 1}}
policy:
  allow:
    - {action: docker/install, packages: ["${engine.registry}/*"], when: always}
`, { act: true });
  await agent.startBroker();
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'a scan', (now) => now.plugins.find((plugin) => plugin.id === 'docker')?.last_scan, 60_000);

  const update = async (state) => (await api.get(`/api/v1/updates/rows?name=${encodeURIComponent(image)}${state}`)).items[0];
  const offered = await update('');
  assert.equal(offered.name, image);
  await api.post('/api/v1/approvals', { update_ids: [offered.id] });
  const verified = await until(async () => {
    const row = await update('');
    if (row?.state === 'failed') throw new Error(`it failed: ${JSON.stringify(row.reason)}`);
    return update('&state=verified');
  }, 'the update to be verified', 90_000);
  const command = await api.get(`/api/v1/commands/${verified.command_id}`);
  assert.equal(command.state, 'succeeded');
  assert.notEqual(engine.inspect('web').Id, before);
  assert.equal(engine.docker('exec', 'web', '/busybox', 'cat', '/version'), 'v2');
  assert.equal(engine.docker('ps', '--all', '--quiet').split('\n').length, 1);
  assert.doesNotMatch(fs.readFileSync(path.join(agent.folder, 'agent.log'), 'utf8'), /hunter2/);
  await agent.process.stop();
  await agent.executor.stop();
  await agent.broker.stop();
});
