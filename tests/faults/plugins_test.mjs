// A plugin that crashes, one that hangs and one that floods: the agent, the scans beside them and the server go on, the
// breaker opens, and the technician sees it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { openBrowser, signIn } from '../e2e/lib/browser.mjs';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { build, cleanUp, program, runToEnd, temporaryFolder } from '../e2e/lib/processes.mjs';

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
  // Who has to work may be slow; who hangs is not waited for as long.
  const foreign = [...bad, 'test.good'].map((id) => `  ${id}: {sha256: ${sha256(plugins, id)}${id === 'test.hanger' ? ', limits: {time: 3s}' : ''}}`).join('\n');
  const agent = fleet.enrol('agent', `version: 1
mode: report
isolation: require
schedule: {every: 1h, jitter: 0s, max_parallel: 6}
limits: {records: 5000}
plugins:
  system: {}
  apt: {}
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

test('G2: a plugin that others could have changed, or that was changed, is refused by name and never loaded', () => {
  const folder = temporaryFolder('tampered');
  const config = path.join(folder, 'agent.yaml');
  const good = JSON.parse(fs.readFileSync(path.join(build, 'test_plugins/test.good.json'), 'utf8'));
  // Each spoils a fresh copy of a good plugin, and names what the refusal has to say.
  const spoilers = {
    'as it is': [null, () => {}],
    'library writable by others': [/test\.good\.so: others can write it/, ({ so }) => fs.chmodSync(so, 0o666)],
    'manifest writable by others': [/test\.good\.json: others can write it/, ({ json }) => fs.chmodSync(json, 0o666)],
    'folder writable by others': [/others can write it/, ({ plugins }) => fs.chmodSync(plugins, 0o777)],
    'library of another user': [/test\.good\.so: belongs to user 65534/, ({ so }) => fs.chownSync(so, 65534, 65534)],
    'library a symbolic link': [/test\.good\.so: is a symbolic link/, ({ so }) => {
      fs.renameSync(so, `${so}.real`);
      fs.symlinkSync(`${so}.real`, so);
    }],
    'library changed': [/its SHA-256 is [0-9a-f]{64}, its manifest says/, ({ so }) => fs.appendFileSync(so, 'more')],
    'manifest of another id': [/the id is "test\.other", the file's name says "test\.good"/,
      ({ json }) => fs.writeFileSync(json, JSON.stringify({ ...good, id: 'test.other' }))],
    'manifest that grants itself more, unsigned': [/does not match its manifest: capabilities|is not among/,
      ({ json }) => fs.writeFileSync(json, JSON.stringify({ ...good, capabilities: [{ spec: 'read:/', required: false }] }))],
    'signature of nobody': [/its signature does not fit/, ({ json }) =>
      fs.writeFileSync(json, JSON.stringify({ ...good, publisher: `ed25519:${Buffer.alloc(32, 7).toString('base64')}`, signature: Buffer.alloc(64, 7).toString('base64') }))],
  };
  for (const [name, [sentence, spoil]] of Object.entries(spoilers)) {
    const plugins = path.join(folder, name.replaceAll(' ', '-').replaceAll(',', ''));
    fs.mkdirSync(plugins, { mode: 0o755 });
    const [so, json] = ['.so', '.json'].map((suffix) => path.join(plugins, `test.good${suffix}`));
    fs.copyFileSync(path.join(build, 'test_plugins/test.good.so'), so);
    fs.copyFileSync(path.join(build, 'test_plugins/test.good.json'), json);
    for (const file of [so, json]) fs.chmodSync(file, 0o644);
    fs.writeFileSync(config, `version: 1\nplugins:\n  test.good: {sha256: ${good.sha256}}\n`);
    spoil({ plugins, so, json });
    const scanned = runToEnd([program('redflag-agent'), '--config', config, '--plugins', plugins, '--state', path.join(folder, 'state'),
      'scan', '--format', 'json'], { allowFailure: true });
    const [scan] = JSON.parse(scanned.stdout).scans;
    if (!sentence) {
      assert.equal(scan.status, 'ok', scanned.stdout);
      continue;
    }
    assert.notEqual(scan.status, 'ok', name);
    assert.equal(scan.records.length, 0, name);
    assert.match(scan.reports.at(-1).text, sentence, name);
  }
});
