// What flows begin with: one browser and one made-up server for all of them, and a new person's window for each.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach } from 'node:test';

import { startBrowser } from '../browser.mjs';

export const patience = { timeout: 180_000 }; // of a machine that builds at the same time, too
let browser;
export let server;
export let opened; // by begin(): the person's window of this test

before(async () => {
  browser = await startBrowser(180);
  server = browser.server;
});
after(() => browser?.stop());

beforeEach(() => {
  opened = null;
});
afterEach(async () => {
  const complaints = opened?.complaints ?? [];
  await opened?.context.close();
  assert.deepEqual(complaints, [], 'errors in the browser');
});

export async function begin(path, state, options) {
  opened = await browser.open({ viewport: { width: 1280, height: 800 }, ...options }, state);
  await opened.page.goto(server.url + path);
  return opened.page;
}

export async function streamIsOpen() {
  for (let i = 0; i < 1200 && server.mock.streams.size === 0; i += 1) await new Promise((next) => setTimeout(next, 25));
  assert.equal(server.mock.streams.size, 1);
}

export const rowCount = (page) => page.locator('[role=search] [role=status]');
export const asked = (request) => server.mock.requests.filter((each) => each === request).length;
