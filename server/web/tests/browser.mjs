// What the tests in Chromium share: the made-up server, one browser, and pages that remember what they complained about.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { startMock } from './mock/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dist = process.env.REDFLAG_WEB_DIST ?? join(here, '..', 'dist');
const axe_source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function startBrowser(size) {
  const server = await startMock({ dist, size });
  const browser = await chromium.launch({ executablePath: process.env.REDFLAG_CHROMIUM ?? '/usr/bin/chromium-headless-shell', args: flags });
  return {
    server,
    // A new person's window, with the server in the given state.
    async open(options = {}, state = {}) {
      server.mock.reset(state);
      const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
      context.setDefaultTimeout(120_000);  // of a machine that is slow and shared
      await context.addInitScript(axe_source);
      await context.addInitScript(() => {
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (event) =>
          window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
        );
      });
      const complaints = [];
      const watch = (page) => {
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('console', (message) => {
          // A refused request is logged by the browser itself; what the screen makes of it is what is looked at.
          if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
        });
        return page;
      };
      return { page: watch(await context.newPage()), another: async () => watch(await context.newPage()), context, complaints };
    },
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}
