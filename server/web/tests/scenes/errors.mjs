// What went wrong.
import { loading, text } from './common.mjs';

export const scenes = [
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
  {
    name: 'errors-of-one-machine',
    path: (mock) => `/errors?agent_id=${mock.fleet.agents[1].id}`,
    ready: text('Only one machine'),
    act: async (page) => {
      await page.getByRole('button', { name: 'docker: the breaker' }).click();
      await page.getByRole('list', { name: 'Where it happened' }).waitFor();
    },
  },
  { name: 'errors-empty', path: '/errors', ready: text('Nothing has gone wrong'), state: { size: 0 } },
  { name: 'errors-nothing-matches', path: '/errors?search=no-such-error', ready: text('Nothing matches these filters') },
  { name: 'errors-error', path: '/errors', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'errors-loading', path: '/errors', ready: loading, state: { hold: true } },
];
