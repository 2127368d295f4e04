// Approving, ordering, confirming and holding back.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeId } from '../mock/data/ids.mjs';
import { listWindows } from '../mock/windows.mjs';
import { asked, begin, opened, patience, server, streamIsOpen } from './common.mjs';

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
  const ordered = asked('POST /api/v1/commands');
  const page = await begin('/updates', { role: 'viewer' });
  await page.getByRole('table', { name: 'Updates' }).waitFor();
  assert.equal(await page.getByRole('checkbox').count(), 0);
  await page.goto(`${server.url}/agents/${makeId('AGENT', 2)}`);
  const scan = page.getByRole('button', { name: 'Scan now' });
  await scan.waitFor();
  assert.equal(await scan.getAttribute('aria-disabled'), 'true');
  await scan.click({ force: true });
  assert.equal(asked('POST /api/v1/commands'), ordered);
});

test('scan now is an order, and its command appears', patience, async () => {
  const page = await begin(`/agents/${makeId('AGENT', 2)}?tab=log`);
  await page.getByRole('button', { name: 'Scan now' }).click();
  await page.getByText('scans now').waitFor();
  await page.getByRole('link', { name: /^Scan now\s*Queued/ }).waitFor();
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

test('a plan with more than was approved is declined, and waits for nobody any more', patience, async () => {
  const page = await begin('/operations?view=confirm');
  await page.getByRole('link', { name: /^Look at the plan of/ }).first().click();
  await page.getByText('covered by no approval').waitFor();
  const waiting = server.mock.fleet.updates.filter((update) => update.state === 'awaiting_confirmation').length;
  await page.getByRole('button', { name: 'Decline the plan' }).click();
  await page.getByText(/^Declined\. Nothing is changed on/).waitFor();
  await page.getByText('covered by no approval').waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('button', { name: 'Confirm the plan…' }).count(), 0);
  assert.ok(server.mock.fleet.updates.filter((update) => update.state === 'awaiting_confirmation').length < waiting);
});

test('a technician cancels a scan, and is not offered to stop what an approver ordered', patience, async () => {
  const page = await begin('/operations', { role: 'technician' });
  const waiting = (type) => server.mock.fleet.commands.find((each) => each.type === type && ['scheduled', 'queued', 'delivered', 'accepted'].includes(each.state));
  const [install, scan] = [waiting('install_updates'), waiting('scan')];
  const stop = ({ title, hostname }) => page.getByRole('button', { name: `Cancel ${title} on ${hostname}` });
  await stop(install).and(page.locator('[aria-disabled=true]')).waitFor();
  const before = server.mock.requests.length;
  await stop(install).click({ force: true });
  await stop(scan).click();
  await page.getByText(`Cancelled: ${scan.title} on ${scan.hostname}`).waitFor();
  assert.deepEqual(server.mock.requests.slice(before).filter((each) => each.startsWith('POST')), [`POST /api/v1/commands/${scan.id}/cancel`]);
});

test('what is lost is given up or ordered again, by buttons of one width', patience, async () => {
  const page = await begin('/operations?state=lost');
  const lost = server.mock.fleet.commands.find((command) => command.state === 'lost');
  const button = (word) => page.getByRole('button', { name: `${word} ${lost.title} on ${lost.hostname}` });
  await button('Retry').waitFor();
  const [stop, again] = [await button('Give up').boundingBox(), await button('Retry').boundingBox()];
  assert.ok(again.y >= stop.y + stop.height, 'one below the other');
  assert.ok(Math.abs(stop.width - again.width) < 1, `${stop.width} px and ${again.width} px`);
  await button('Give up').click();
  await page.getByText(`Given up: ${lost.title} on ${lost.hostname}`).waitFor();
  assert.equal(lost.state, 'expired');
});

test('clearing the filters stays in the view that a link has opened, and what a link narrows down is said', patience, async () => {
  const page = await begin('/operations?state=failed,refused&type=scan');
  await page.getByRole('button', { name: 'Only Scan now ✕' }).click();
  await page.waitForURL((url) => url.searchParams.get('type') === null && url.searchParams.get('view') === 'finished');
  assert.equal(await page.getByRole('textbox', { name: 'State' }).or(page.getByRole('combobox', { name: 'State' })).inputValue(), 'Several states');
  await page.goto(`${server.url}/operations?state=failed&order=${makeId('RDR', 1)}`);
  await page.getByRole('button', { name: 'Only one order ✕' }).waitFor();
});

test('a command that waits can be cancelled, one that failed ordered again', patience, async () => {
  const page = await begin('/operations');
  const waiting = server.mock.fleet.commands.find((command) => command.state === 'queued');
  await page.getByRole('button', { name: `Cancel ${waiting.title} on ${waiting.hostname}` }).click();
  await page.getByText(`Cancelled: ${waiting.title} on ${waiting.hostname}`).waitFor();
  assert.equal(waiting.state, 'cancelled');
  await page.goto(`${server.url}/operations?state=failed`);
  const failed = server.mock.fleet.commands.find((command) => command.state === 'failed');
  await page.getByRole('button', { name: `Retry ${failed.title} on ${failed.hostname}` }).click();
  await page.getByText('an earlier try').waitFor();
});

test('a machine that has a command is asked once to stop it, and that is said until it answers', patience, async () => {
  const page = await begin('/operations?state=accepted');
  const command = server.mock.fleet.commands.find((each) => each.state === 'accepted');
  const stop = page.getByRole('button', { name: `Cancel ${command.title} on ${command.hostname}` });
  await stop.click();
  await page.getByText(`Asked ${command.hostname} to cancel: ${command.title}`).waitFor();
  await page.getByText('Cancel asked, waits for the machine').first().waitFor();
  await stop.waitFor({ state: 'detached' });
  await page.goto(`${server.url}/operations/${command.id}`);
  await page.getByText('Cancel asked, waits for the machine').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Cancel / }).count(), 0);
});

test('a held order is decided by whoever may where its machines are, and by nobody else', patience, async () => {
  const page = await begin('/operations?view=held');
  const button = (how, what) => page.getByRole('button', { name: new RegExp(`^${how}: ${what}`) });
  for (const how of ['Approve', 'Decline']) await button(how, 'Restart services').and(page.locator('[aria-disabled=true]')).waitFor();
  const before = server.mock.requests.length;
  await button('Approve', 'Restart services').click({ force: true });
  assert.equal(await page.getByRole('dialog').count(), 0);
  await button('Decline', 'Restart the machine').click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('not during the day');
  await page.getByRole('button', { name: 'Decline', exact: true }).click();
  await page.getByText(/^Declined: Restart the machine/).waitFor();
  assert.equal(server.mock.requests.slice(before).filter((each) => each.startsWith('POST')).length, 1);
});

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
  await page.getByText(/^\S+ is told to fetch the order\.$/).waitFor();
  assert.deepEqual([waiting.state, waiting.outside_window], ['queued', 'the shop is closed today']);
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
  opened.complaints.length = 0; // Chromium tells of the answer of 403
});
