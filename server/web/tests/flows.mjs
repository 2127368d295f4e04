// What people do, in Chromium against the made-up server: each main path, and what must not happen on the way.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { startBrowser } from './browser.mjs';
import { makeId } from './mock/data/ids.mjs';
import { enrol } from './mock/enrolment.mjs';
import { listWindows } from './mock/windows.mjs';

const patience = { timeout: 180_000 }; // of a machine that builds at the same time, too
let browser;
let server;
let window;

before(async () => {
  browser = await startBrowser(180);
  server = browser.server;
});
after(() => browser?.stop());

beforeEach(() => {
  window = null;
});
afterEach(async () => {
  const complaints = window?.complaints ?? [];
  await window?.context.close();
  assert.deepEqual(complaints, [], 'errors in the browser');
});

async function begin(path, state, options) {
  window = await browser.open({ viewport: { width: 1280, height: 800 }, ...options }, state);
  await window.page.goto(server.url + path);
  return window.page;
}

async function streamIsOpen() {
  for (let i = 0; i < 1200 && server.mock.streams.size === 0; i += 1) await new Promise((next) => setTimeout(next, 25));
  assert.equal(server.mock.streams.size, 1);
}

const rowCount = (page) => page.locator('[role=search] [role=status]');
const asked = (request) => server.mock.requests.filter((each) => each === request).length;

test('approving says before what it touches, and the list changes by itself afterwards', patience, async () => {
  const page = await begin('/updates?category=security');
  await streamIsOpen();
  await page.getByRole('checkbox', { name: 'Select nginx 1.22.1-9+deb12u1' }).check();
  await page.getByRole('button', { name: 'Approve…' }).click();
  const button = page.getByRole('button', { name: /^Approve \d+ updates$/ });
  await button.waitFor();
  const said = Number((await button.textContent()).match(/\d+/)[0]);
  const approvable = server.mock.fleet.updates.filter((update) => update.name === 'nginx' && update.approvable);
  assert.equal(said, approvable.length);
  assert.ok(approvable.every((update) => update.state !== 'approved'), 'looking changes nothing');
  await button.click();
  await page.getByText(`${said} updates approved`).waitFor();
  assert.ok(approvable.every((update) => update.state === 'approved'));
  await page.getByRole('row', { name: /nginx/ }).getByText('on the way').waitFor();
  assert.equal(await page.getByRole('region', { name: 'Selected rows' }).count(), 0);
});

test('a row that cannot be approved says why, and can only be ignored', patience, async () => {
  const page = await begin(`/agents/${makeId('AGENT', 1)}?tab=updates`);
  await page.getByText('none can be approved').waitFor();
  const box = page.getByRole('checkbox', { name: /^Select .* on / }).first();
  await box.check();
  const selected = page.getByRole('region', { name: 'Selected rows' });
  await selected.getByRole('button', { name: /Ignore/ }).waitFor();
  assert.equal(await selected.getByRole('button', { name: /Approve/ }).getAttribute('aria-disabled'), 'true');
  await page.getByRole('row').filter({ hasText: 'its agent is in report mode' }).first().waitFor();
});

test('a viewer sees everything and is offered nothing', patience, async () => {
  const page = await begin('/updates', { role: 'viewer' });
  await page.getByRole('table', { name: 'Updates' }).waitFor();
  assert.equal(await page.getByRole('checkbox').count(), 0);
  await page.goto(`${server.url}/agents/${makeId('AGENT', 2)}`);
  const scan = page.getByRole('button', { name: 'Scan now' });
  await scan.waitFor();
  assert.equal(await scan.getAttribute('aria-disabled'), 'true');
  await scan.click({ force: true });
  assert.equal(asked('POST /api/v1/commands'), 0);
});

test('scan now is an order, and its command appears', patience, async () => {
  const page = await begin(`/agents/${makeId('AGENT', 2)}?tab=log`);
  await page.getByRole('button', { name: 'Scan now' }).click();
  await page.getByText('scans now').waitFor();
  await page.getByRole('link', { name: /^Scan now\s*Queued/ }).waitFor();
});

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

test('a plan with more than was approved waits for a yes and leads to the install', patience, async () => {
  const page = await begin('/operations?view=confirm');
  await page.getByRole('link', { name: /^Look at the plan of/ }).first().click();
  await page.getByText('covered by no approval').waitFor();
  await page.getByRole('button', { name: 'Confirm the plan…' }).click();
  await page.getByText('removal among them').waitFor();
  await page.getByRole('button', { name: 'Confirm and install' }).click();
  await page.getByRole('heading', { name: 'Install updates', level: 1 }).waitFor();
});

test('a command that waits can be cancelled, one that failed ordered again', patience, async () => {
  const page = await begin('/operations');
  const waiting = server.mock.fleet.commands.find((command) => command.state === 'queued');
  await page.getByRole('button', { name: `Cancel ${waiting.title} on ${waiting.hostname}` }).click();
  await page.getByText(`Asked ${waiting.hostname} to cancel`).waitFor();
  assert.equal(waiting.state, 'cancelled');
  await page.goto(`${server.url}/operations?state=failed`);
  const failed = server.mock.fleet.commands.find((command) => command.state === 'failed');
  await page.getByRole('button', { name: `Retry ${failed.title} on ${failed.hostname}` }).click();
  await page.getByText('an earlier try').waitFor();
});

test('while the server is away the data stays and says how old it is; then everything is asked for again', patience, async () => {
  const page = await begin('/agents');
  await page.getByText('app-003.example.com').waitFor();
  await streamIsOpen();
  server.mock.away = true;
  server.mock.cutStreams();
  await page.getByText('out of reach').waitFor({ timeout: 15_000 });
  assert.ok(await page.getByText('app-003.example.com').isVisible());
  server.mock.fleet.agents.find((agent) => agent.hostname === 'app-003.example.com').hostname = 'app-003-renamed.example.com';
  server.mock.away = false;
  await page.getByText('out of reach').waitFor({ state: 'hidden', timeout: 40_000 });
  server.mock.emit('agent', { agent_id: makeId('AGENT', 3) });
  await page.getByText('app-003-renamed.example.com').waitFor();
});

test('filters are in the address, survive a reload, and go back', patience, async () => {
  const page = await begin('/agents');
  await page.getByRole('textbox', { name: 'Connection' }).click();
  await page.getByRole('option', { name: 'Silent' }).click();
  await rowCount(page).getByText('11 agents').waitFor();
  assert.match(page.url(), /\?connection=silent$/);
  await page.reload();
  await rowCount(page).getByText('11 agents').waitFor();
  await page.getByRole('button', { name: 'Updates', exact: true }).click();
  await page.waitForURL(/sort=updates/);
  await page.getByRole('row').nth(1).getByRole('link').first().click();
  await page.getByRole('tab', { name: 'History' }).waitFor();
  await page.goBack();
  await page.waitForURL(/connection=silent/);
  await rowCount(page).getByText('11 agents').waitFor();
});

test('the keyboard is enough', patience, async () => {
  const page = await begin('/updates');
  await page.getByRole('table', { name: 'Updates' }).waitFor();
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Name');
  await page.keyboard.type('ssl');
  await page.waitForURL(/search=ssl/);
  await page.getByText('2 different').waitFor();
  await page.getByRole('link', { name: 'openssl', exact: true }).focus();
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'libssl3');
  await page.keyboard.press('x');
  await page.getByRole('region', { name: 'Selected rows' }).getByText('1 selected').waitFor();
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'openssl', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: 'Agents, updates, screens' }).fill('db-002');
  await page.getByRole('option', { name: /db-002/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'db-002.example.com' }).waitFor();
});

test('of thousands of agents only those on the screen are drawn, and more come on the way down', patience, async () => {
  const page = await begin('/agents', { size: 3000 });
  await rowCount(page).getByText('3,000 agents').waitFor();
  assert.ok((await page.locator('[data-index]').count()) < 60);
  for (let i = 0; i < 12; i += 1) {
    await page.locator('#main').evaluate((main) => main.scrollTo({ top: main.scrollHeight }));
    await page.waitForTimeout(100);
  }
  const last = Number(await page.locator('[data-index]').last().getAttribute('data-index'));
  assert.ok(last > 600, `row ${last} is the last one drawn`);
  assert.ok((await page.locator('[data-index]').count()) < 60);
});

// Lists that are no tables say how many they hold themselves.
const panels = { '/operations?view=confirm': 'Plans that need confirmation', '/operations?view=held': 'Orders that need a second person' };

// Follows links and compares the number each shows with how many rows are behind it.
async function compareNumbers(page, links) {
  const linked = await page.locator(links).evaluateAll((all) =>
    all.map((link) => ({ href: link.getAttribute('href'), number: link.innerText.match(/[\d,]+/)?.[0] ?? null })),
  );
  const compared = linked.filter(({ number }) => number);
  for (const { href, number } of compared) {
    await page.evaluate((to) => window.history.pushState({}, '', to), href); // the router hears of it
    const rows = panels[href] ? page.getByRole('region', { name: panels[href] }) : rowCount(page);
    await rows.getByText(new RegExp(`^${number === '0' ? 'No' : number} (agent|update|order)`)).waitFor({ timeout: 10_000 });
  }
  return compared.length;
}

test('a maintenance window is added for a client, and an order that waits for one is let go with a reason', patience, async () => {
  const page = await begin('/updates/rules');
  await page.getByRole('button', { name: 'Add a window…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a maintenance window' });
  await dialog.getByLabel('Name').fill('Saturday night');
  await dialog.getByRole('combobox', { name: 'Where' }).or(dialog.getByRole('textbox', { name: 'Where' })).click();
  await page.getByRole('option').first().click();
  await dialog.getByText('Europe/London (3 sites, 41 machines)').waitFor();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('list', { name: 'Maintenance windows' }).getByText('Saturday night').waitFor();
  const [made] = listWindows(server.mock).slice(-1);
  assert.deepEqual([made.name, made.length_minutes, made.rule], ['Saturday night', 240, { repeat: 'weekly', weekdays: ['sat'], time: '22:00' }]);
  assert.equal(made.client_id, server.mock.fleet.clients[0].id);

  const waiting = server.mock.fleet.commands.find((command) => command.state === 'scheduled');
  await page.goto(`${server.url}/operations/${waiting.id}`);
  const why = page.getByRole('region', { name: 'Waits for' });
  await why.locator(`time[datetime="${waiting.window.opens_at}"]`).first().waitFor();
  assert.doesNotMatch(await why.innerText(), /\d{4}-\d\d-\d\dT/, 'times are shown as the viewer reads them');
  await page.getByRole('button', { name: 'Run now…' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('the shop is closed today');
  await page.getByRole('button', { name: 'Run now', exact: true }).click();
  await page.getByText('is told to fetch the order').waitFor();
  assert.deepEqual([waiting.state, waiting.outside_window], ['queued', 'the shop is closed today']);
});

test('every number of the overview is a link to exactly that many rows', patience, async () => {
  const page = await begin('/');
  await page.getByText('Needs a person').waitFor();
  assert.ok((await compareNumbers(page, 'main a')) >= 20);
});

test('every number of the fleet view is a link to exactly that many rows', patience, async () => {
  const page = await begin('/updates');
  await page.getByRole('table', { name: 'Updates' }).waitFor();
  assert.ok((await compareNumbers(page, '[data-index="1"] a[data-tone]')) >= 3);
});

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

test('the first administrator is made once, and the token leaves the address', patience, async () => {
  const page = await begin('/setup#token=one-time', { role: null, setup: true });
  await page.getByRole('heading', { name: 'First administrator' }).waitFor();
  assert.ok(!page.url().includes('one-time'));
  await page.getByLabel('Username').fill('mara');
  await page.getByLabel('Password', { exact: true }).fill('too short');
  await page.getByLabel('Password again').fill('too short');
  await page.getByRole('button', { name: 'Make the account and sign in' }).click();
  await page.getByText('At least 12 characters').nth(1).waitFor();
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByLabel('Password again').fill('correct horse battery');
  await page.getByRole('button', { name: 'Make the account and sign in' }).click();
  await page.getByText('Needs a person').waitFor();
  await page.goto(`${server.url}/setup`);
  await page.getByText('Set-up is done').waitFor();
});

test('signing in leads to where one wanted to go, and nowhere else', patience, async () => {
  const page = await begin('/agents?connection=silent', { role: null });
  await page.getByLabel('Username').fill('mara');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await rowCount(page).getByText('11 agents').waitFor();
  await page.goto(`${server.url}/sign-in?next=https://evil.example/`);
  await page.getByText('Needs a person').waitFor();
  assert.ok(page.url().startsWith(server.url));
});

test('a session that ended leads to the sign-in, and back', patience, async () => {
  const page = await begin('/updates?category=security');
  await page.getByRole('table', { name: 'Updates' }).waitFor();
  server.mock.role = null;
  await page.getByRole('checkbox', { name: /^Select nginx/ }).check();
  await page.getByRole('button', { name: 'Approve…' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Username').fill('mara');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/updates\?category=security/);
});

test('signing out forgets what was on the screen', patience, async () => {
  const page = await begin('/agents');
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.getByText('Needs a person').waitFor();
  await page.getByRole('button', { name: 'Account and appearance' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(server.mock.role, null);
  await page.goBack();
  await page.waitForURL(/next=%2Fagents/);
  assert.equal(await page.getByText('app-003').count(), 0);
});

test('several tabs share one stream, and the next tab takes it over', patience, async () => {
  const first = await begin('/agents');
  await first.getByText('app-003.example.com').waitFor();
  await streamIsOpen();
  const second = await window.another();
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

test('a change that needs a proof asks for it once, and is then sent again by itself', patience, async () => {
  const page = await begin(`/agents/${makeId('AGENT', 2)}`, { proven: false });
  const order = async () => {
    await page.getByRole('button', { name: 'Order a command…' }).click();
    await page.getByRole('combobox', { name: 'Command' }).or(page.getByRole('textbox', { name: 'Command' })).click();
    await page.getByRole('option', { name: 'Wipe the greeting' }).click();
    await page.getByRole('button', { name: 'Order: Wipe the greeting' }).click();
  };
  const wipes = () => server.mock.fleet.commands.filter((command) => command.type === 'wipe').length;
  const dialog = page.getByRole('dialog', { name: 'Prove that it is you' });
  await order();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Prove again that it is you').first().waitFor();
  assert.equal(wipes(), 0, 'without a proof nothing is ordered');

  await page.getByRole('button', { name: 'Order: Wipe the greeting' }).click();
  await dialog.getByLabel('Password', { exact: true }).fill('wrong');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.getByText('This is not your password').waitFor();
  assert.equal(wipes(), 0);
  await dialog.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.waitFor({ state: 'hidden' });
  while (wipes() === 0) await page.waitForTimeout(20);
  assert.equal(wipes(), 1, 'ordered once');
  window.complaints.length = 0; // Chromium tells of each answer of 403 and 422
});

test('what a policy orders is approved beforehand with a reason and a proof, and that is taken back', patience, async () => {
  const page = await begin('/updates/rules', { proven: false });
  const policies = page.getByRole('list', { name: 'Approval policies' });
  await page.getByRole('button', { name: 'Approve once: what Security after a day' }).click();
  const dialog = page.getByRole('dialog', { name: /^Approve what/ });
  await dialog.getByLabel('Reason').fill('read each line');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  const proof = page.getByRole('dialog', { name: 'Prove that it is you' });
  await proof.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await proof.getByRole('button', { name: 'Continue' }).click();
  await policies.getByText('Approved beforehand by mara').waitFor();
  await policies.getByText('read each line').waitFor();
  await page.getByRole('button', { name: 'Withdraw the approval of Security after a day' }).click();
  await policies.getByText('Approved beforehand by mara').waitFor({ state: 'detached' });
  assert.equal(server.mock.fleet.policies[0].second_person, null);
  window.complaints.length = 0; // as above
});

test('a second factor is set up, and signs in from then on', patience, async () => {
  const page = await begin('/account');
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor();
  await page.getByLabel('Code that the app shows').fill('123456');
  await page.getByRole('button', { name: 'Confirm' }).click();
  const codes = page.getByRole('region', { name: 'Recovery codes' }).getByRole('listitem');
  await codes.first().waitFor();
  assert.equal(await codes.count(), 10);
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('9 codes left').waitFor();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByLabel('Username').fill('mara');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Code').fill('123456');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Account', level: 1 }).waitFor();
});
