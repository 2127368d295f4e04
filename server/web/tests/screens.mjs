// Looks at every screen in Chromium: dark and light, phone and desktop. Each must draw without an error and without
// breaking the page's security policy, must not be wider than the window, and axe must find nothing. The pictures are
// kept in REDFLAG_SCREENS (they are for people to look at); REDFLAG_SCREENS_ALL=1 takes more sizes. A part:
// node --test-name-pattern=enrolment tests/screens.mjs, or REDFLAG_SCREENS_PART=1/2 for every second one. The scenes are
// in scenes/, a file for each screen.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startBrowser } from './browser.mjs';
import { scenes as account } from './scenes/account.mjs';
import { scenes as agent } from './scenes/agent.mjs';
import { scenes as agents } from './scenes/agents.mjs';
import { scenes as audit } from './scenes/audit.mjs';
import { scenes as enrolment } from './scenes/enrolment.mjs';
import { scenes as errors } from './scenes/errors.mjs';
import { scenes as everywhere } from './scenes/everywhere.mjs';
import { scenes as operations } from './scenes/operations.mjs';
import { scenes as overview } from './scenes/overview.mjs';
import { scenes as profiles } from './scenes/profiles.mjs';
import { scenes as rules } from './scenes/rules.mjs';
import { scenes as schedules } from './scenes/schedules.mjs';
import { scenes as security } from './scenes/security.mjs';
import { scenes as settings } from './scenes/settings.mjs';
import { scenes as sign_in } from './scenes/sign-in.mjs';
import { scenes as updates } from './scenes/updates.mjs';
import { scenes as windows } from './scenes/windows.mjs';

const pictures = process.env.REDFLAG_SCREENS ?? (await mkdtemp(join(tmpdir(), 'redflag-screens-')));

const sizes = {
  'phone-light': { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  'narrow-light': { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  'narrow-dark': { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
  'desktop-light': { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  'desktop-dark': { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
};

let browser;
let server;
let kept; // a window that serves some scenes, one after the other

before(async () => {
  await mkdir(pictures, { recursive: true });
  browser = await startBrowser();
  server = browser.server;
});

after(async () => {
  await browser?.stop();
  console.log(`Pictures are in ${pictures}`);
});

// A new window for every scene would take as long as the scene: one serves some of them, as if it were new.
async function emptyWindow(state = {}) {
  if (kept && --kept.scenes_left < 0) await closeWindow();
  if (kept) {
    await kept.page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
    await kept.page.goto('about:blank'); // what the last scene still asks for is not the next one's
    await kept.context.clearCookies();
    kept.complaints.length = 0;
    server.mock.reset(state);
  } else {
    kept = { ...(await browser.open(wanted[0], state)), scenes_left: 20 };
  }
  const { viewport, colorScheme } = wanted[0];
  await kept.page.emulateMedia({ colorScheme });
  await kept.page.setViewportSize(viewport);
  return kept;
}

async function closeWindow() {
  const { context } = kept;
  kept = undefined;
  await context.close();
}

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

// name, path (or a function of the made-up server that knows it), what to wait for, state of the server, what to do first.
const scenes = [
  overview, agents, agent, updates, rules, windows, profiles, operations, schedules, enrolment, audit, errors, security,
  sign_in, account, settings, everywhere,
].flat();

const wanted = (process.env.REDFLAG_SCREENS_ALL ? Object.keys(sizes) : ['narrow-dark', 'desktop-light']).map((name) => ({ name, ...sizes[name] }));
const dialogs = (page) => page.locator('[role=dialog]:visible, [role=menu]:visible, [role=listbox]:visible').count();

// In the page: until a few frames have changed nothing, or a second of frames that all did.
const stillness = () => new Promise((done) => {
  let still;
  const over = () => {
    watch.disconnect();
    clearTimeout(still);
    clearTimeout(most);
    done();
  };
  const begin = () => {
    clearTimeout(still);
    still = setTimeout(over, 40);
  };
  const watch = new MutationObserver(begin);
  const most = setTimeout(over, 1000);
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  requestAnimationFrame(() => requestAnimationFrame(begin));
});

// What fades in or is measured first is there, and nothing is on its way from one colour to the other.
async function settled(page, scheme) {
  await page.mouse.move(0, 0); // what lies under it now would show its tooltip
  await page.waitForFunction((wanted) => document.documentElement.dataset.mantineColorScheme === wanted, scheme);
  await page.evaluate(stillness);
  await page.waitForFunction(() => document.getAnimations().every((each) => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity));
}

// "1/2": every second one, from the first.
const [part, parts] = (process.env.REDFLAG_SCREENS_PART ?? '1/1').split('/').map(Number);

for (const scene of scenes.filter((_, index) => index % parts === part - 1)) {
  test(scene.name, { timeout: 240_000 }, async () => {
    const { page, complaints } = await emptyWindow(scene.state);
    let whole = false;
    try {
      await page.goto(server.url + (typeof scene.path === 'function' ? scene.path(server.mock) : scene.path));
      await scene.ready(page);
      await scene.act?.(page, server.mock);
      const open = await dialogs(page);
      for (const { name, viewport, colorScheme } of wanted) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await settled(page, colorScheme);
        assert.equal(await dialogs(page), open, `what was opened is open in ${name}, too`);
        await inspect(page, complaints, `${scene.name}.${name}`);
      }
      whole = true;
    } finally {
      if (!whole) await closeWindow();
    }
  });
}
