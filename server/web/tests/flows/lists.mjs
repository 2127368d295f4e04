// Finding rows: filters, keys, long lists, and numbers that lead to them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { begin, patience, rowCount, server } from './common.mjs';

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
    await rows.getByText(new RegExp(`^${number === '0' ? 'No' : number} (agent|update|order)`)).waitFor();
  }
  return compared.length;
}

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
  let last = 0;
  for (let i = 0; i < 1000 && last <= 600; i += 1) {
    await page.locator('#main').evaluate((main) => main.scrollTo({ top: main.scrollHeight }));
    await page.waitForTimeout(30);
    last = Number(await page.locator('[data-index]').last().getAttribute('data-index'));
  }
  assert.ok(last > 600, `row ${last} is the last one drawn`);
  assert.ok((await page.locator('[data-index]').count()) < 60);
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

test('an error that is opened under one machine shows that machine, and else all that have it', patience, async () => {
  const page = await begin('/');
  const [first, second] = server.mock.fleet.agents;
  await page.goto(`${server.url}/errors?agent_id=${second.id}`);
  const entry = page.getByRole('button', { name: /docker: the breaker/ });
  await entry.click();
  const rows = page.getByRole('list', { name: 'Where it happened' }).getByRole('listitem');
  await rows.getByRole('link', { name: second.hostname }).waitFor();
  assert.equal(await rows.count(), 1);
  await page.getByRole('link', { name: /^all of .* on this machine$/ }).click();
  await page.getByRole('button', { name: 'Only one machine' }).waitFor();
  await page.waitForURL((url) => url.searchParams.get('agent_id') === second.id && url.searchParams.has('subsystem'));
  await page.goto(`${server.url}/errors`);
  await entry.click();
  await rows.getByRole('link', { name: first.hostname }).waitFor();
  assert.equal(await rows.count(), 3);
});
