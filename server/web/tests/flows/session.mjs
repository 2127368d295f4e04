// Who one is: the first account, signing in and out, and proving it again.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeId } from '../mock/data/ids.mjs';
import { begin, opened, patience, rowCount, server } from './common.mjs';

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
  await page.getByRole('checkbox', { name: /^Select nginx/ }).check();
  server.mock.role = null;
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
  opened.complaints.length = 0; // Chromium tells of each answer of 403 and 422
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
