// A plugin that crashes, one that hangs and one that floods: the agent, the scans beside them and the server go on, the
// breaker opens, and the technician sees it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { openBrowser, signIn } from '../e2e/lib/browser.mjs';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp } from '../e2e/lib/processes.mjs';

after(cleanUp);

// The test plugins beside the real ones: one folder, as an admin would have it.
function pluginFolder(fleet) {
  const folder = path.join(fleet.folder, 'plugins');
  fs.mkdirSync(folder);
  for (const from of ['plugins', 'test_plugins']) {
    for (const name of ['system', 'apt', 'test.good', 'test.crasher', 'test.hanger', 'test.flooder']) {
      for (const suffix of ['.so', '.json']) {
        const file = path.join(build, from, name + suffix);
        if (fs.existsSync(file)) fs.copyFileSync(file, path.join(folder, name + suffix));
      }
    }
  }
  return folder;
}

const sha256 = (folder, id) => JSON.parse(fs.readFileSync(path.join(folder, `${id}.json`), 'utf8')).sha256;

test('G1: bad plugins cost their own scan only, their breakers open, and the screen says so', async () => {
  const fleet = new Fleet('plugins');
  await fleet.startServer();
  const api = await fleet.signIn();
  const plugins = pluginFolder(fleet);
  const bad = ['test.crasher', 'test.hanger', 'test.flooder'];
  const foreign = [...bad, 'test.good'].map((id) => `  ${id}: {sha256: ${sha256(plugins, id)}}`).join('\n');
  const agent = fleet.enrol('agent', `version: 1
mode: report
isolation: require
schedule: {every: 1h, jitter: 0s, max_parallel: 6}
limits: {time: 3s, records: 5000}
plugins:
  system: {}
  apt: {limits: {time: 60s}}
${foreign}
`, { plugins });
  await agent.startBroker();
  agent.start();

  const phase = (shown, id) => shown.plugins.find((plugin) => plugin.id === id)?.breaker.state;
  const shown = await agentShows(api, agent.id, 'three open breakers and three good scans', (now) =>
    bad.every((id) => phase(now, id) === 'open') &&
    ['system', 'apt', 'test.good'].every((id) => now.plugins.find((p) => p.id === id)?.last_scan), 90_000);
  const classes = Object.fromEntries(shown.plugins.map((plugin) => [plugin.id, plugin.breaker.class]));
  assert.equal(classes['test.crasher'], 'crash');
  assert.equal(classes['test.hanger'], 'hang');
  assert.equal(classes['test.flooder'], 'broken_contract');
  assert.equal(phase(shown, 'system'), 'closed');
  assert.equal(agent.process.exit, null, 'the agent itself must live on');
  assert.equal(agent.broker.exit, null, 'and its broker');
  const local = agent.status();
  assert.equal(local.isolation, 'full');
  for (const plugin of local.plugins) {
    if (bad.includes(plugin.id)) continue;
    assert.deepEqual(Object.values(plugin.walls).filter((standing) => !standing), [], `${plugin.id}'s walls`);
  }
  assert.equal(shown.isolation, 'full');
  assert.equal((await api.get('/api/v1/overview')).breakers_open, 3);

  const { browser, page, picture } = await openBrowser();
  try {
    await page.goto(`${fleet.url}/agents/${agent.id}`);
    await signIn(page);
    await page.getByText('test.crasher').first().waitFor();
    const text = await page.locator('main').innerText();
    assert.match(text, /open/i);
    await picture('breaker-open');
  } finally {
    await browser.close();
  }

  await agent.process.stop();
  // Open breakers survive a restart: nothing of theirs is run again.
  agent.start();
  await agentShows(api, agent.id, 'the agent to be back', (now) => now.connection === 'connected');
  assert.equal((await api.get('/api/v1/overview')).breakers_open, 3);
});
