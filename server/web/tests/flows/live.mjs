// What changes on a screen while somebody looks at it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeId } from '../mock/data/ids.mjs';
import { enrol } from '../mock/enrolment.mjs';
import { asked, begin, opened, patience, server, streamIsOpen } from './common.mjs';

test('log lines and progress come without asking again', patience, async () => {
  const page = await begin('/');
  await streamIsOpen();
  const command = server.mock.fleet.commands.find((each) => each.state === 'running');
  await page.goto(`${server.url}/operations/${command.id}`);
  await page.getByText('Preconfiguring packages').waitFor();
  await streamIsOpen();
  const before = asked(`GET /api/v1/commands/${command.id}`);
  const line = { seq: 7, at: new Date().toISOString(), text: 'Setting up nginx <b>now</b>' };
  server.mock.emit('log', { command_id: command.id, lines: [line, line], percent: 77, progress: 'Setting up nginx' });
  await page.getByText('Setting up nginx <b>now</b>').waitFor();
  assert.equal(await page.getByText('Setting up nginx <b>now</b>').count(), 1, 'the same line once');
  assert.equal(await page.getByRole('progressbar').getAttribute('aria-valuenow'), '77');
  assert.equal(asked(`GET /api/v1/commands/${command.id}`), before);
});

test('while the server is away the data stays and says how old it is; then everything is asked for again', patience, async () => {
  const page = await begin('/agents');
  await page.getByText('app-003.example.com').waitFor();
  await streamIsOpen();
  server.mock.away = true;
  server.mock.cutStreams();
  await page.getByText('out of reach').waitFor();
  assert.ok(await page.getByText('app-003.example.com').isVisible());
  server.mock.fleet.agents.find((agent) => agent.hostname === 'app-003.example.com').hostname = 'app-003-renamed.example.com';
  server.mock.away = false;
  await page.getByText('out of reach').waitFor({ state: 'hidden' });
  server.mock.emit('agent', { agent_id: makeId('AGENT', 3) });
  await page.getByText('app-003-renamed.example.com').waitFor();
});

test('a machine that enrols walks from waiting to done while one watches', patience, async () => {
  const page = await begin('/enrolment');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const line = await page.getByLabel('Line to paste').textContent();
  assert.match(line, /^printf %s 'rfb1\.[\w-]+' \| sudo redflag-agent enroll --bundle-stdin$/);
  await page.getByText('Waiting for the machine').waitFor();
  await streamIsOpen();
  const machine = enrol(server.mock, 'newcomer.example.org');
  const row = page.getByRole('listitem').filter({ hasText: 'newcomer.example.org' }).first();
  await row.locator('[aria-current=step]').getByText('Connected').waitFor();
  machine.connect();
  await row.locator('[aria-current=step]').getByText('First scan').waitFor();
  machine.scan();
  await row.locator('[aria-current=step]').waitFor({ state: 'detached' });
  await row.getByRole('link', { name: 'Open' }).click();
  await page.getByRole('heading', { name: 'newcomer.example.org' }).waitFor();
});

test('several tabs share one stream, and the next tab takes it over', patience, async () => {
  const first = await begin('/agents');
  await first.getByText('app-003.example.com').waitFor();
  await streamIsOpen();
  const second = await opened.another();
  await second.goto(`${server.url}/agents`);
  await second.getByText('app-003.example.com').waitFor();
  await second.getByText('Live', { exact: true }).waitFor();
  assert.equal(server.mock.streams.size, 1);
  const agent = server.mock.fleet.agents.find((each) => each.hostname === 'app-003.example.com');
  agent.hostname = 'app-003-second.example.com';
  server.mock.emit('agent', { agent_id: agent.id });
  await second.getByText('app-003-second.example.com').waitFor();
  await first.close();
  agent.hostname = 'app-003-third.example.com';
  for (let i = 0; i < 200 && server.mock.streams.size !== 1; i += 1) await second.waitForTimeout(25);
  server.mock.emit('agent', { agent_id: agent.id });
  await second.getByText('app-003-third.example.com').waitFor();
});
