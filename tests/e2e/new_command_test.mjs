// Something new to order, without a line changed here: a command type and the plugin that does it, built out of the tree
// against the installed SDK and dropped into the two plugin folders. The form on the screen is drawn from the type's schema.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { openBrowser, signIn } from './lib/browser.mjs';
import { agentShows, Fleet } from './lib/fleet.mjs';
import { build, cleanUp, repository, runToEnd, temporaryFolder, until } from './lib/processes.mjs';

after(cleanUp);

// As somebody else would: the SDK installed somewhere, a project of its own.
function buildOutside(home) {
  const sdk = path.join(home, 'sdk');
  const env = { PATH: process.env.PATH, CMAKE_PREFIX_PATH: sdk, HOME: home };
  runToEnd(['cmake', '--install', build, '--component', 'sdk', '--prefix', sdk], { env });
  const project = path.join(home, 'greeting');
  fs.cpSync(path.join(repository, 'tests/e2e/outside/greeting'), project, { recursive: true });
  runToEnd(['cmake', '-S', project, '-B', path.join(home, 'build'), '-DCMAKE_BUILD_TYPE=Release'], { env });
  runToEnd(['cmake', '--build', path.join(home, 'build'), '--parallel', '2'], { env });
  const tested = runToEnd(['ctest', '--test-dir', path.join(home, 'build'), '--output-on-failure'], { env });
  assert.match(tested.stdout, /100% tests passed, 0 tests failed out of 2/);
  return path.join(home, 'build');
}

function drop(from, into, id) {
  fs.mkdirSync(into, { recursive: true });
  for (const ending of ['so', 'json']) fs.copyFileSync(path.join(from, `${id}.${ending}`), path.join(into, `${id}.${ending}`));
  return createHash('sha256').update(fs.readFileSync(path.join(into, `${id}.so`))).digest('hex');
}

const ended = (api, id) => {
  let command;
  return until(async () => {
    command = await api.get(`/api/v1/commands/${id}`);
    return ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(command.state) ? command : null;
  }, `command ${id} to end`, 60_000, () => JSON.stringify(command));
};

test('a command type and an action from outside are ordered from the screen, run as root inside the policy, and shown', async () => {
  const home = temporaryFolder('outside');
  const made = buildOutside(home);
  const fleet = new Fleet('new-command');
  fleet.moreCommandTypes = [path.join(fleet.folder, 'command_types')];
  drop(path.join(made, 'command_types'), fleet.moreCommandTypes[0], 'org.example.greet');
  const plugins = path.join(fleet.folder, 'plugins');
  const sha256 = drop(path.join(made, 'plugins'), plugins, 'org.example.greeter');

  await fleet.startServer();
  const api = await fleet.signIn();
  const left = path.join(fleet.folder, 'greetings');
  fs.mkdirSync(left);
  const yaml = (policy) => `version: 1\nmode: act\nplugins:\n  org.example.greeter:\n    sha256: ${sha256}\n` +
    `    capabilities: ["write:{folder}"]\n    settings: {folder: "${left}"}\n${policy}`;
  const allow = 'policy:\n  allow:\n    - {action: org.example.greeter/greet, when: always}\n';
  const agent = fleet.enrol('agent', yaml(allow), { plugins, act: true });
  await agent.startExecutor();
  agent.start();
  await agentShows(api, agent.id, 'the agent with its plugin', (shown) =>
    shown.connection === 'connected' && shown.plugins.some((plugin) => plugin.id === 'org.example.greeter' && plugin.state === 'ok'));

  const { browser, page, problems, picture } = await openBrowser();
  let command;
  try {
    await page.goto(`${fleet.url}/agents/${agent.id}`);
    await signIn(page);
    await page.getByRole('button', { name: 'Order a command…' }).click();
    await page.getByLabel('Command', { exact: true }).first().click();
    await page.getByRole('option', { name: 'Greet people' }).click();
    const names = page.getByRole('textbox', { name: 'Whom to greet' });
    const greet = async (name) => {
      await names.fill(name);
      await names.press('Enter');
    };
    await greet('nobody');
    await page.getByRole('button', { name: 'Order: Greet people' }).click();
    await page.getByText('Nobody is greeted').waitFor();
    await names.press('Backspace');
    await greet('Ann');
    await greet('Bo');
    await page.getByRole('spinbutton', { name: 'How often' }).or(page.getByRole('textbox', { name: 'How often' })).fill('2');
    await page.getByRole('checkbox', { name: 'Loud' }).check();
    await picture('new-command-form');
    await page.getByRole('button', { name: 'Order: Greet people' }).click();
    await page.waitForURL(/\/operations\//);
    command = await ended(api, page.url().split('/').pop());
    assert.equal(command.state, 'succeeded', JSON.stringify(command));
    await page.getByRole('region', { name: 'Result' }).getByText('HELLO BO').first().waitFor();
    await page.getByText('Written to').waitFor();
    await picture('new-command-result');
    // The browser's own word on the answer that the form has shown.
    assert.deepEqual(problems.filter((problem) => !/status of 422/.test(problem)), [], 'errors in the browser');
  } finally {
    await browser.close();
  }
  const lines = ['HELLO ANN', 'HELLO ANN', 'HELLO BO', 'HELLO BO'];
  assert.equal(fs.readFileSync(path.join(left, 'greeting'), 'utf8'), `${lines.join('\n')}\n`);
  assert.equal(fs.statSync(path.join(left, 'greeting')).uid, 0, 'written by the executor');
  assert.deepEqual(command.results, [{ file: path.join(left, 'greeting'), lines }]);
  assert.deepEqual(command.log.map((line) => line.text), lines);
  assert.deepEqual(command.actions.map(({ plugin, action }) => `${plugin}/${action}`), ['org.example.greeter/greet']);

  // The schema counts on the server, before anything is ordered.
  const order = (parameters) => api.request('POST', '/api/v1/commands',
    { type: 'org.example.greet', agent_ids: [agent.id], parameters }, { allowProblem: true });
  for (const [parameters, field] of [[{ names: ['Ann'], tone: 'rude' }, '/parameters/tone'], [{ names: [], tone: 'formal' }, '/parameters/names'],
    [{ names: ['Ann'], tone: 'formal', times: 4 }, '/parameters/times']]) {
    const { status, body } = await order(parameters);
    assert.equal(status, 422);
    assert.equal(body.field, field);
  }

  // What the machine's own policy does not name, nobody orders there.
  fs.writeFileSync(path.join(agent.folder, 'agent.yaml'), yaml('policy: {allow: []}\n'));
  const refused = await ended(api, (await order({ names: ['Cy'], tone: 'formal' })).body.items[0].id);
  assert.equal(refused.state, 'refused');
  assert.equal(refused.reason.code, 'policy');
  assert.equal(fs.readFileSync(path.join(left, 'greeting'), 'utf8').includes('Cy'), false);
});
