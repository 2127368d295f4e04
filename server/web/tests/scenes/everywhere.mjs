// What is the same on every screen: menus, keys, and a server that does not answer.
import { heading, text } from './common.mjs';

export const scenes = [
  { name: 'away-at-first', path: '/agents', ready: text('The server does not answer'), state: { away: true } },
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
    act: async (page, mock) => {
      while (mock.streams.size === 0) await page.waitForTimeout(20);
      mock.away = true;
      mock.cutStreams();
      await page.getByText('out of reach').waitFor();
    },
  },
];
