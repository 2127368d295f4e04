// People, scripts and places.
import { text } from './common.mjs';

export const scenes = [
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
  { name: 'settings-places-elsewhere', path: '/settings?tab=places', ready: (page) => page.getByRole('button', { name: /^Add a site to/ }).first().waitFor(), state: { elsewhere: true } },
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
];
