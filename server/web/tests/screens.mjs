// Looks at every screen in Chromium: dark and light, phone and desktop. Each must draw without an error and without
// breaking the page's security policy, must not be wider than the window, and axe must find nothing. The pictures are
// kept in REDFLAG_SCREENS (they are for people to look at); REDFLAG_SCREENS_ALL=1 takes more sizes. A part:
// node --test-name-pattern=enrolment tests/screens.mjs, or REDFLAG_SCREENS_PART=1/2 for every second one.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startBrowser } from './browser.mjs';
import { makeId } from './mock/data/ids.mjs';
import { makeToken } from './mock/enrolment.mjs';

const pictures = process.env.REDFLAG_SCREENS ?? (await mkdtemp(join(tmpdir(), 'redflag-screens-')));

const windows = {
  'phone-light': { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  'narrow-light': { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  'narrow-dark': { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
  'desktop-light': { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  'desktop-dark': { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
};

let browser;
let server;

before(async () => {
  await mkdir(pictures, { recursive: true });
  browser = await startBrowser();
  server = browser.server;
});

after(async () => {
  await browser?.stop();
  console.log(`Pictures are in ${pictures}`);
});

async function inspect(page, complaints, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
  const found = await page.evaluate(async () => {
    const axe = await window.axe.run(document, { resultTypes: ['violations'] });
    return {
      axe: axe.violations.map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${node.failureSummary})`).join(' | ')}`),
      policy: window.violations,
      wide: [document.documentElement, document.getElementById('main')].filter(Boolean).map((element) => element.scrollWidth - element.clientWidth),
      hostile: window.hostile,
    };
  });
  assert.deepEqual(found.axe, [], `axe in ${name}`);
  assert.deepEqual(found.policy, [], `Content-Security-Policy in ${name}`);
  assert.deepEqual(complaints, [], `errors in ${name}`);
  assert.ok(found.wide.every((px) => px <= 0), `${name}: wider than the window by ${found.wide} px`);
  assert.equal(found.hostile, undefined, 'text from outside was run');
}

const agent = (n) => `/agents/${makeId('AGENT', n)}`;
const heading = (name) => (page) => page.getByRole('heading', { name, exact: true, level: 1 }).waitFor();
const scheduled = () => server.mock.fleet.commands.find((command) => command.state === 'scheduled').id;
const text = (value) => (page) => page.getByText(value).first().waitFor();
const loading = (page) => page.getByRole('status', { name: 'Loading' }).first().waitFor();

function installed() {
  return server.mock.fleet.commands.find((command) => command.type === 'install_updates' && command.state === 'succeeded').id;
}
function waitingCommand() {
  return server.mock.fleet.updates.find((update) => update.state === 'awaiting_confirmation').command_id;
}

async function orderDialog(page, type) {
  await page.getByRole('button', { name: 'Order a command…' }).click();
  await page.getByRole('combobox', { name: 'Command' }).or(page.getByRole('textbox', { name: 'Command' })).click();
  await page.getByRole('option', { name: type }).click();
  await page.getByRole('button', { name: `Order: ${type}` }).waitFor();
}

// name, path (or a function that knows it), what to wait for, state of the server, what to do first.
const scenes = [
  { name: 'overview', path: '/', ready: text('security updates are open') },
  { name: 'overview-no-agents', path: '/', ready: text('No machine is enrolled yet'), state: { size: 0 } },
  { name: 'overview-error', path: '/', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'overview-loading', path: '/', ready: loading, state: { hold: true } },
  { name: 'away-at-first', path: '/agents', ready: text('The server does not answer'), state: { away: true } },
  { name: 'agents', path: '/agents', ready: (page) => page.getByRole('table', { name: 'Agents' }).waitFor() },
  { name: 'agents-silent', path: '/agents?connection=silent&sort=-last_seen', ready: (page) => page.getByText('11 agents').waitFor() },
  { name: 'agents-nothing-matches', path: '/agents?search=no-such-machine', ready: text('Nothing matches these filters') },
  { name: 'agents-loading', path: '/agents', ready: loading, state: { hold: true } },
  { name: 'agents-error', path: '/agents', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'agents-many', path: '/agents?sort=-updates', ready: text('10,000 agents'), state: { size: 10_000 } },
  { name: 'agents-empty', path: '/agents', ready: text('No machine is enrolled yet'), state: { size: 0 } },
  { name: 'agent', path: agent(5), ready: text('APT packages') },
  { name: 'agents-needing-a-look', path: '/agents?identity=needs_a_look', ready: (page) => page.getByText('4 agents').waitFor() },
  { name: 'agents-restored', path: '/agents?identity=restored', ready: text('Accept 2 restored machines') },
  {
    name: 'agents-move',
    path: '/agents?search=web-',
    ready: (page) => page.getByRole('table', { name: 'Agents' }).waitFor(),
    act: async (page) => {
      for (const box of (await page.getByRole('checkbox', { name: /^Select web-/ }).all()).slice(0, 4)) await box.check();
      await page.getByRole('button', { name: 'Move…' }).click();
      await page.getByRole('combobox', { name: 'To the site' }).or(page.getByRole('textbox', { name: 'To the site' })).click();
      await page.getByRole('option').first().click();
      await page.getByText(/^Moves |^None of them moves/).waitFor();
    },
  },
  { name: 'agent-elsewhere', path: agent(2), ready: text('APT packages'), state: { role: 'technician', elsewhere: true } },
  { name: 'agent-pending', path: agent(21), ready: text('Pending approval') },
  { name: 'agent-cloned', path: agent(22), ready: text('From 198.51.100.4') },
  {
    name: 'agent-accept',
    path: agent(22),
    ready: text('From 198.51.100.4'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Accept…' }).click();
      await page.getByText('Which one is this machine?').waitFor();
    },
  },
  { name: 'agent-hostile', path: agent(4), ready: text('APT packages') },
  { name: 'agent-loading', path: agent(5), ready: loading, state: { hold: true } },
  { name: 'agent-error', path: agent(5), ready: text('store.failed'), state: { fail: 500 } },
  { name: 'agent-viewer', path: agent(2), ready: text('APT packages'), state: { role: 'viewer' } },
  { name: 'agent-turned', path: agent(10), ready: text('APT packages') },
  { name: 'agent-silent', path: `${agent(6)}?tab=updates`, ready: text('is not connected') },
  { name: 'agent-report-mode', path: `${agent(1)}?tab=updates`, ready: text('is in report mode:') },
  { name: 'agent-updates', path: `${agent(2)}?tab=updates`, ready: (page) => page.getByRole('table').waitFor() },
  {
    name: 'agent-services',
    path: agent(2),
    ready: text('Services to restart'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Restart…' }).click();
      await page.getByText('Whoever uses one of them notices').waitFor();
    },
  },
  { name: 'agent-failed-units', path: agent(2), ready: text('Failed units') },
  { name: 'agent-records', path: `${agent(2)}?tab=records&kind=package%2F1`, ready: (page) => page.getByRole('table').waitFor() },
  { name: 'agent-records-foreign', path: `${agent(2)}?tab=records`, ready: (page) => page.getByRole('table').waitFor() },
  { name: 'agent-settings', path: `${agent(2)}?tab=settings`, ready: (page) => page.getByRole('list', { name: 'Values' }).waitFor() },
  { name: 'agent-metrics', path: `${agent(2)}?tab=metrics`, ready: text('full in about 34 days') },
  { name: 'agent-metrics-year', path: `${agent(2)}?tab=metrics&period=year`, ready: text('full in about 34 days') },
  { name: 'agent-history', path: `${agent(2)}?tab=history`, ready: text('Newest first') },
  { name: 'agent-log', path: `${agent(2)}?tab=log`, ready: (page) => page.getByRole('list', { name: 'Log' }).or(page.getByText('No line yet')).first().waitFor() },
  { name: 'agent-order', path: agent(2), ready: text('APT packages'), act: (page) => orderDialog(page, 'Greet people') },
  { name: 'agent-order-destructive', path: agent(2), ready: text('APT packages'), act: (page) => orderDialog(page, 'Wipe the greeting') },
  {
    name: 'agent-order-refused',
    path: agent(2),
    ready: text('APT packages'),
    act: async (page) => {
      await orderDialog(page, 'Greet people');
      await page.getByRole('textbox', { name: 'Whom to greet' }).fill('nobody');
      await page.keyboard.press('Enter');
      await page.getByRole('textbox', { name: 'File' }).fill('/tmp/greeting');
      await page.getByRole('button', { name: 'Order: Greet people' }).click();
      await page.getByText('Nobody is greeted').waitFor();
    },
  },
  {
    name: 'agent-rebind',
    path: agent(5),
    ready: text('APT packages'),
    act: async (page) => {
      await page.getByLabel('Reason').fill('The mainboard was replaced');
      await page.getByRole('button', { name: 'Make a bundle' }).click();
      await page.getByLabel('Line to paste').waitFor();
    },
  },
  { name: 'agent-not-found', path: '/agents/01KXXXXXXXXXXXXXXXXXXXXXXX', ready: text('agent.not_found') },
  { name: 'updates', path: '/updates', ready: (page) => page.getByRole('table', { name: 'Updates' }).waitFor() },
  { name: 'updates-loading', path: '/updates', ready: loading, state: { hold: true } },
  { name: 'updates-error', path: '/updates', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'updates-viewer', path: '/updates', ready: (page) => page.getByRole('table', { name: 'Updates' }).waitFor(), state: { role: 'viewer' } },
  { name: 'updates-by-machine', path: '/updates/rows?state=failed,awaiting_confirmation', ready: (page) => page.getByRole('table').waitFor() },
  { name: 'updates-of-one', path: '/updates/rows?manager=apt&name=openssl&arch=amd64&version=3.0.17-1~deb12u2', ready: (page) => page.getByRole('table').waitFor() },
  {
    name: 'update-evidence',
    path: '/updates/rows?state=verified',
    ready: (page) => page.getByRole('table').waitFor(),
    act: async (page) => {
      await page.getByRole('button', { name: 'Why do we say verified?' }).first().click();
      await page.getByText('it no longer lists this update').waitFor();
    },
  },
  { name: 'updates-empty', path: '/updates', ready: text('No update is known'), state: { size: 0 } },
  {
    name: 'approve',
    path: '/updates',
    ready: (page) => page.getByRole('table', { name: 'Updates' }).waitFor(),
    act: async (page) => {
      for (const name of ['openssl 3.0.17-1~deb12u2', 'linux-image-amd64 6.1.137-1']) {
        await page.getByRole('checkbox', { name: `Select ${name}` }).check();
      }
      await page.getByRole('button', { name: 'Approve…' }).click();
      await page.getByText('left out').waitFor();
    },
  },
  { name: 'updates-ignored', path: '/updates/rows?state=ignored', ready: (page) => page.getByRole('table').waitFor() },
  {
    name: 'ignore',
    path: '/updates',
    ready: (page) => page.getByRole('table', { name: 'Updates' }).waitFor(),
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Select curl 7.88.1-10+deb12u12' }).check();
      await page.getByRole('button', { name: 'Ignore…' }).click();
      await page.getByRole('textbox', { name: 'Reason' }).fill('The till breaks with it');
      await page.getByText(/^Ignores /).waitFor();
    },
  },
  { name: 'rules', path: '/updates/rules', ready: (page) => Promise.all([text('Tills: only what is grave')(page), text('postgresql-*')(page)]) },
  { name: 'rules-ended', path: '/updates/rules?ended=1', ready: text('lifted by jo') },
  { name: 'rules-error', path: '/updates/rules', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'rules-loading', path: '/updates/rules', ready: loading, state: { hold: true } },
  { name: 'rules-viewer', path: '/updates/rules', ready: text('Tills: only what is grave'), state: { role: 'viewer' } },
  {
    name: 'policy',
    path: '/updates/rules',
    ready: text('Tills: only what is grave'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a policy…' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Security');
      await page.getByRole('button', { name: 'What would it approve now?' }).click();
      await page.getByText(/^It would approve /).waitFor();
    },
  },
  { name: 'windows', path: '/updates/rules', ready: text('The site’s own windows'), act: (page) => page.getByText('Windows of its client').or(page.getByText('The site’s own windows')).first().scrollIntoViewIfNeeded() },
  {
    name: 'windows-of-machine',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByText('Machines there that go by windows of their groups or their own:').waitFor();
      const field = page.getByRole('combobox', { name: 'In force at' }).or(page.getByRole('textbox', { name: 'In force at' }));
      await field.click();
      await field.fill('build-005');
      await page.getByRole('option', { name: 'build-005.example.com' }).click();
      await page.getByText('The windows of its groups, by the clocks of').waitFor();
    },
  },
  { name: 'windows-none', path: '/updates/rules', ready: text('No window: what changes machines'), state: { size: 0 } },
  {
    name: 'window-add',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a window…' }).click();
      await page.getByRole('combobox', { name: 'Where' }).or(page.getByRole('textbox', { name: 'Where' })).click();
      await page.getByRole('option', { name: 'Harbour Dental, group Databases' }).click();
      await page.getByText('Europe/London (3 sites, 41 machines)').waitFor();
    },
  },
  {
    name: 'group-change',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Change the group Databases' }).click();
      await page.getByRole('dialog').getByText('Machines').first().waitFor();
    },
  },
  {
    name: 'window-change',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByRole('button', { name: /^Change After Patch Tuesday/ }).click();
      await page.getByText('Europe/London (3 sites, 41 machines)').waitFor();
    },
  },
  {
    name: 'approve-waits',
    path: '/updates',
    ready: (page) => page.getByRole('table', { name: 'Updates' }).waitFor(),
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Select curl 7.88.1-10+deb12u12' }).check();
      await page.getByRole('button', { name: 'Approve…' }).click();
      await page.getByLabel('Now, outside of maintenance windows').check();
      await page.getByLabel('Why it cannot wait').fill('An exploit is out');
    },
  },
  { name: 'operation-waits-for-window', path: () => `/operations/${scheduled()}`, ready: text('it has missed 1 window before') },
  {
    name: 'operation-run-outside',
    path: () => `/operations/${scheduled()}`,
    ready: text('it has missed 1 window before'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Run now…' }).click();
      await page.getByText('The machine’s own rules still count').waitFor();
    },
  },
  {
    name: 'policy-approve',
    path: '/updates/rules',
    ready: text('Tills: only what is grave'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Approve once: what Security after a day' }).click();
      await page.getByRole('dialog').getByText('jo answers for it.').waitFor();
    },
  },
  { name: 'profiles', path: '/profiles', ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor() },
  { name: 'profiles-empty', path: '/profiles', ready: text('Nothing is wished here'), state: { size: 0 } },
  { name: 'profiles-error', path: '/profiles', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'profiles-loading', path: '/profiles', ready: loading, state: { hold: true } },
  { name: 'profiles-viewer', path: '/profiles', ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor(), state: { role: 'viewer' } },
  {
    name: 'profiles-group',
    path: '/profiles',
    ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor(),
    act: async (page) => {
      await page.getByRole('list', { name: 'Where something is set' }).getByRole('link', { name: 'Harbour Dental, group Databases' }).click();
      await page.getByText('Group Databases · Databases are left alone').first().waitFor();
    },
  },
  {
    name: 'profile',
    path: '/profiles',
    ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor(),
    act: async (page) => {
      await page.getByRole('button', { name: 'Change what is set here…' }).click();
      await page.getByRole('textbox', { name: 'Every', exact: true }).fill('2h');
      await page.getByText(/^Would change /).waitFor();
    },
  },
  { name: 'operations', path: '/operations', ready: (page) => page.getByRole('table', { name: 'Commands' }).waitFor() },
  { name: 'operations-error', path: '/operations', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'operations-refused', path: '/operations?state=refused', ready: text('of the policy') },
  { name: 'operations-viewer', path: '/operations', ready: (page) => page.getByRole('table', { name: 'Commands' }).waitFor(), state: { role: 'viewer' } },
  { name: 'operations-finished', path: '/operations?view=finished', ready: (page) => page.getByRole('table', { name: 'Commands' }).waitFor() },
  { name: 'operations-to-confirm', path: '/operations?view=confirm', ready: text('Plans that need confirmation') },
  { name: 'operations-to-approve', path: '/operations?view=held', ready: text('Orders that need a second person') },
  { name: 'operations-none-to-approve', path: '/operations?view=held', ready: text('No order waits for a second person'), state: { size: 0 } },
  { name: 'operations-to-approve-viewer', path: '/operations?view=held', ready: text('Orders that need a second person'), state: { role: 'viewer' } },
  {
    name: 'operations-approve',
    path: '/operations?view=held',
    ready: text('Orders that need a second person'),
    act: async (page) => {
      await page.getByRole('button', { name: /^Approve: Restart the machine/ }).click();
      await page.getByRole('dialog', { name: 'Approve what erin ordered' }).waitFor();
    },
  },
  { name: 'operations-empty', path: '/operations', ready: text('Nothing is in flight'), state: { size: 0 } },
  { name: 'operation-to-confirm', path: () => `/operations/${waitingCommand()}`, ready: text('covered by no approval') },
  {
    name: 'operation-confirm',
    path: () => `/operations/${waitingCommand()}`,
    ready: text('covered by no approval'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Confirm the plan…' }).click();
      await page.getByText('nobody has approved').waitFor();
    },
  },
  {
    name: 'operation-roll-back',
    path: () => `/operations/${installed()}`,
    ready: text('Life of this command'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Roll back…' }).click();
      await page.getByText('would go back to the version before').waitFor();
    },
  },
  { name: 'operation-running', path: () => `/operations/${server.mock.fleet.commands.find((command) => command.state === 'running').id}`, ready: text('Life of this command') },
  { name: 'operation-failed', path: () => `/operations/${server.mock.fleet.commands.find((command) => command.state === 'failed').id}`, ready: text('dpkg ended') },
  { name: 'schedules', path: '/schedules', ready: (page) => page.getByRole('table', { name: 'Schedules' }).waitFor() },
  { name: 'schedules-empty', path: '/schedules', ready: text('Nothing is scheduled'), state: { size: 0 } },
  { name: 'schedules-error', path: '/schedules', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'schedules-loading', path: '/schedules', ready: loading, state: { hold: true } },
  { name: 'schedules-viewer', path: '/schedules', ready: (page) => page.getByRole('table', { name: 'Schedules' }).waitFor(), state: { role: 'viewer' } },
  {
    name: 'schedules-add',
    path: '/schedules',
    ready: (page) => page.getByRole('table', { name: 'Schedules' }).waitFor(),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a schedule…' }).click();
      await page.getByRole('combobox', { name: 'For' }).or(page.getByRole('textbox', { name: 'For' })).click();
      await page.getByRole('option', { name: 'Every machine of every client' }).click();
      await page.getByText('Would be ordered of 41 machines now').waitFor();
    },
  },
  { name: 'schedule', path: `/schedules/${makeId('SCHED', 2)}`, ready: text('no server could carry it out') },
  { name: 'schedule-approved', path: `/schedules/${makeId('SCHED', 5)}`, ready: text('Approved beforehand by erin') },
  { name: 'schedule-not-found', path: '/schedules/01KXXXXXXXXXXXXXXXXXXXXXXX', ready: text('schedule.not_found') },
  { name: 'enrolment', path: '/enrolment', ready: text('Seats used') },
  {
    name: 'enrolment-waiting',
    path: '/enrolment',
    ready: text('Seats used'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Make a token' }).click();
      await page.getByText('Waiting for the machine').waitFor();
      makeToken(server.mock, { seats: 1, expires_in_s: 3600 });
    },
  },
  { name: 'enrolment-no-permission', path: '/enrolment', ready: text('Your role does not allow this'), state: { role: 'viewer' } },
  {
    name: 'audit',
    path: '/audit',
    ready: text('420 records'),
    act: async (page) => {
      await page.getByRole('button', { expanded: false }).filter({ hasText: 'sign_in.failed' }).first().click();
      await page.getByText('Hash before').waitFor();
    },
  },
  { name: 'audit-filtered', path: '/audit?kind=enrolment&severity=warning', ready: text('seats exhausted') },
  { name: 'audit-tampered', path: '/audit', ready: text('record 211 was changed'), state: { tampered: true } },
  { name: 'audit-nothing-matches', path: '/audit?actor=nobody', ready: text('Nothing matches these filters') },
  { name: 'audit-error', path: '/audit', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'audit-loading', path: '/audit', ready: loading, state: { hold: true } },
  { name: 'audit-no-permission', path: '/audit', ready: text('Your role does not allow this'), state: { role: 'viewer' } },
  {
    name: 'errors',
    path: '/errors',
    ready: text('6 kinds'),
    act: async (page) => {
      for (const name of ['kernel refused an order', 'Cannot read properties']) await page.getByRole('button', { name }).click();
      await page.getByLabel('Details').waitFor();
    },
  },
  { name: 'errors-worst', path: '/errors?sort=worst&source=agent', ready: text('4 kinds') },
  { name: 'errors-of-one-code', path: '/errors?code=run.crash', ready: text('Only run.crash') },
  { name: 'errors-empty', path: '/errors', ready: text('Nothing has gone wrong'), state: { size: 0 } },
  { name: 'errors-nothing-matches', path: '/errors?search=no-such-error', ready: text('Nothing matches these filters') },
  { name: 'errors-error', path: '/errors', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'errors-loading', path: '/errors', ready: loading, state: { hold: true } },
  { name: 'security', path: '/settings/security', ready: text('requests of one agent') },
  {
    name: 'security-limit-changed',
    path: '/settings/security',
    ready: text('requests of one agent'),
    act: async (page) => {
      await page.getByRole('textbox', { name: 'A minute: requests of one agent' }).fill('90');
      await page.getByRole('button', { name: 'Change: requests of one agent' }).click();
      await page.getByText('set here; otherwise 60').waitFor();
    },
  },
  {
    name: 'security-rule-loosened',
    path: '/settings/security',
    ready: text('Restarts, and other destructive orders'),
    act: async (page) => {
      await page.getByRole('textbox', { name: /^Machines: Restarts/ }).fill('0');
      await page.getByRole('button', { name: /^Change: Restarts/ }).click();
      await page.getByText('one person is enough').waitFor();
      await page.mouse.move(0, 0); // off what explains itself under it
    },
  },
  { name: 'security-error', path: '/settings/security', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'security-loading', path: '/settings/security', ready: loading, state: { hold: true } },
  { name: 'security-no-permission', path: '/settings/security', ready: text('Your role does not allow this'), state: { role: 'viewer' } },
  { name: 'sign-in', path: '/agents', ready: heading('Sign in'), state: { role: null } },
  {
    name: 'sign-in-wrong',
    path: '/sign-in',
    ready: heading('Sign in'),
    state: { role: null },
    act: async (page) => {
      await page.getByLabel('Username').fill('mara');
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Username or password is wrong').waitFor();
    },
  },
  {
    name: 'sign-in-code',
    path: '/sign-in',
    ready: heading('Sign in'),
    state: { role: null, factor: true },
    act: async (page) => {
      await page.getByLabel('Username').fill('mara');
      await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await heading('Second factor')(page);
      await page.getByLabel('Code').fill('000000');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('The code is wrong').waitFor();
    },
  },
  { name: 'account', path: '/account', ready: text('Sign out everywhere'), state: { factor: true } },
  { name: 'account-no-factor', path: '/account', ready: (page) => page.getByRole('button', { name: 'Set it up' }).waitFor() },
  { name: 'account-error', path: '/account', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'account-loading', path: '/account', ready: loading, state: { hold: true } },
  {
    name: 'account-off',
    path: '/account',
    ready: text('Sign out everywhere'),
    state: { factor: true, required: true },
    act: async (page) => {
      await page.getByRole('button', { name: 'Turn off…' }).click();
      await page.getByText('Your role asks for a second factor').waitFor();
    },
  },
  {
    name: 'account-set-up',
    path: '/account',
    ready: text('Sign out everywhere'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Set it up' }).click();
      await page.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor();
    },
  },
  {
    name: 'account-recovery-codes',
    path: '/account',
    ready: text('Sign out everywhere'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Set it up' }).click();
      await page.getByLabel('Code that the app shows').fill('123456');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('region', { name: 'Recovery codes' }).waitFor();
    },
  },
  { name: 'agents-of-a-client', path: () => `/agents?client_id=${server.mock.fleet.clients[0].id}`, ready: (page) => page.getByRole('table', { name: 'Agents' }).waitFor() },
  { name: 'settings-people', path: '/settings', ready: text('Approver') },
  { name: 'settings-error', path: '/settings', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'settings-no-permission', path: '/settings', ready: text('Your role does not allow this'), state: { role: 'approver' } },
  {
    name: 'settings-change-person',
    path: '/settings',
    ready: text('Approver'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Change jo@northfield.example' }).click();
      await page.getByRole('button', { name: 'Reset the second factor' }).waitFor();
    },
  },
  { name: 'settings-services', path: '/settings?tab=services', ready: text('nightly-report') },
  {
    name: 'settings-token',
    path: '/settings?tab=services',
    ready: text('nightly-report'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Make a token for ticket-bridge' }).click();
      await page.getByLabel('What it is for').fill('the bridge');
      await page.getByRole('button', { name: 'Make it' }).click();
      await page.getByText('This is shown once').waitFor();
    },
  },
  { name: 'settings-places', path: '/settings?tab=places', ready: (page) => page.getByRole('button', { name: /^Add a site to/ }).first().waitFor() },
  {
    name: 'settings-change-place',
    path: '/settings?tab=places',
    ready: (page) => page.getByRole('button', { name: /^Add a site to/ }).first().waitFor(),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a client…' }).click();
      await page.getByLabel('Name').waitFor();
    },
  },
  { name: 'second-factor-required', path: '/agents', ready: heading('Set up a second factor'), state: { required: true } },
  {
    name: 'prove',
    path: agent(2),
    ready: text('APT packages'),
    state: { proven: false },
    act: async (page) => {
      await orderDialog(page, 'Wipe the greeting');
      await page.getByRole('button', { name: 'Order: Wipe the greeting' }).click();
      await page.getByRole('dialog', { name: 'Prove that it is you' }).waitFor();
    },
  },
  { name: 'setup', path: '/setup#token=one-time', ready: heading('First administrator'), state: { role: null, setup: true } },
  { name: 'setup-done', path: '/setup', ready: heading('Set-up is done'), state: { role: null } },
  { name: 'not-found', path: '/no/such/screen', ready: text('There is nothing at this address') },
  { name: 'keys', path: '/agents', ready: heading('Agents'), act: async (page) => (await page.keyboard.press('?'), page.getByText('Next row').waitFor()) },
  {
    name: 'menu',
    path: '/',
    ready: heading('Overview'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Account and appearance' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    },
  },
  {
    name: 'finder',
    path: '/',
    ready: heading('Overview'),
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('textbox', { name: 'Agents, updates, screens' }).fill('ssl');
      await page.getByText('libssl3').first().waitFor();
    },
  },
  {
    name: 'away',
    path: '/agents',
    ready: heading('Agents'),
    act: async (page) => {
      while (server.mock.streams.size === 0) await page.waitForTimeout(20);
      server.mock.away = true;
      server.mock.cutStreams();
      await page.getByText('out of reach').waitFor({ timeout: 10_000 });
    },
  },
];

const wanted = (process.env.REDFLAG_SCREENS_ALL ? Object.keys(windows) : ['narrow-dark', 'desktop-light']).map((name) => ({ name, ...windows[name] }));
const dialogs = (page) => page.locator('[role=dialog]:visible, [role=menu]:visible, [role=listbox]:visible').count();

// What fades in or is measured first is there, and nothing is on its way from one colour to the other.
async function settled(page, scheme) {
  await page.mouse.move(0, 0); // what lies under it now would show its tooltip
  await page.waitForFunction((wanted) => document.documentElement.dataset.mantineColorScheme === wanted, scheme);
  await page.waitForTimeout(150);
  await page.waitForFunction(() => document.getAnimations().every((each) => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity));
}

// "1/2": every second one, from the first.
const [part, parts] = (process.env.REDFLAG_SCREENS_PART ?? '1/1').split('/').map(Number);

for (const scene of scenes.filter((_, index) => index % parts === part - 1)) {
  test(scene.name, { timeout: 60_000 }, async () => {
    const { page, context, complaints } = await browser.open(wanted[0], scene.state);
    try {
      await page.goto(server.url + (typeof scene.path === 'function' ? scene.path() : scene.path));
      await scene.ready(page);
      await scene.act?.(page);
      const open = await dialogs(page);
      for (const { name, viewport, colorScheme } of wanted) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await settled(page, colorScheme);
        assert.equal(await dialogs(page), open, `what was opened is open in ${name}, too`);
        await inspect(page, complaints, `${scene.name}.${name}`);
      }
    } finally {
      await context.close();
    }
  });
}
