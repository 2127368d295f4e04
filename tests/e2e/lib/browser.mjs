// Debian's Chromium, headless, through playwright-core from the web application's own packages.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { build, kPatience, repository } from './processes.mjs';

const require = createRequire(path.join(repository, 'server/web/package.json'));
const { chromium } = require('playwright-core');
export const screenshots = path.join(build, 'screenshots');

export async function openBrowser({ dark = false, width = 1280, height = 900 } = {}) {
  fs.mkdirSync(screenshots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-quic'],
  });
  const context = await browser.newContext({
    // The browser of a first start: the certificate was made by the server itself a moment ago.
    ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(30_000 * kPatience);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/40[134]|net::ERR/.test(message.text())) problems.push(message.text());
  });
  return { browser, context, page, problems, picture: (name) => page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true }) };
}

// The sign-in screen, wherever it stands in the way of a page.
export async function signIn(page, username = 'alex', password = 'correct horse battery staple') {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
