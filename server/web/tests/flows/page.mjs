// What holds for every screen: hostile characters, colours, widths, and the size of the first load.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeId } from '../mock/data/ids.mjs';
import { begin, patience, server, streamIsOpen } from './common.mjs';

test('characters that turn the writing or drive a terminal are shown and not obeyed', patience, async () => {
  const page = await begin(`/agents/${makeId('AGENT', 10)}`);
  await page.getByRole('heading', { name: 'db-\uFFFDgnp.tnuocca\uFFFD.example.net' }).waitFor();
  const command = server.mock.fleet.commands.find((each) => each.state === 'running');
  await page.goto(`${server.url}/operations/${command.id}`);
  await page.getByText('␛[31mred␛[0m \uFFFDdenrut\uFFFD').waitFor();
  await streamIsOpen();
  server.mock.emit('log', { command_id: command.id, lines: [{ seq: 8, at: new Date().toISOString(), text: 'live \u202edenrut' }] });
  await page.getByText('live \uFFFDdenrut').waitFor();
});

test('dark and light can be chosen, and stay chosen', patience, async () => {
  const page = await begin('/', {}, { colorScheme: 'light' });
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  assert.equal(await scheme(), 'light');
  await page.getByRole('button', { name: 'Account and appearance' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  assert.equal(await scheme(), 'dark');
  await page.reload({ waitUntil: 'commit' });
  await page.waitForFunction(() => document.body);
  assert.equal(await scheme(), 'dark', 'before anything is drawn');
});

test('no width makes a screen wider than the window', patience, async () => {
  const page = await begin('/');
  const paths = ['/agents', '/updates', '/updates/rows', '/updates/rows?manager=apt&name=openssl&arch=amd64&version=3.0.17-1~deb12u2', '/operations?view=all', `/agents/${makeId('AGENT', 2)}?tab=updates`];
  for (const path of paths) {
    await page.goto(server.url + path);
    await page.getByRole('table').waitFor();
    for (const width of [320, 480, 640, 760, 800, 900, 980, 1040, 1120, 1280, 1440, 2560, 3840]) {
      await page.setViewportSize({ width, height: 700 });
      await page.waitForTimeout(60);
      const over = await page.locator('#main').evaluate((main) => main.scrollWidth - main.clientWidth);
      assert.ok(over <= 0, `${path} is ${over} px too wide at ${width}`);
    }
  }
});

test('the first load is at most 300 KB of compressed script', patience, async () => {
  const { gzipSync } = await import('node:zlib');
  const page = await begin('/sign-in', { role: null });
  const scripts = [];
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) scripts.push(response.body());
  });
  server.mock.role = 'admin';
  await page.goto(server.url);
  await page.getByText('Needs a person').waitFor();
  const sizes = (await Promise.all(scripts)).map((body) => gzipSync(body).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(sizes.length > 1 && total <= 300 * 1024, `${total} bytes in ${sizes.length} files`);
  console.log(`first load: ${Math.round(total / 1024)} KB of compressed script in ${sizes.length} files`);
});
