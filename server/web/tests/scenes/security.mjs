// The state of security.
import { loading, text } from './common.mjs';

export const scenes = [
  { name: 'security', path: '/settings/security', ready: text('requests of one agent') },
  {
    name: 'security-limit-changed',
    path: '/settings/security',
    ready: text('requests of one agent'),
    act: async (page) => {
      await page.getByRole('textbox', { name: 'A minute: requests of one agent' }).fill('90');
      await page.getByRole('button', { name: 'Change: requests of one agent' }).click();
      await page.getByText('set here; otherwise 60').waitFor();
    },
  },
  {
    name: 'security-rule-loosened',
    path: '/settings/security',
    ready: text('Restarts, and other destructive orders'),
    act: async (page) => {
      await page.getByRole('textbox', { name: /^Machines: Restarts/ }).fill('0');
      await page.getByRole('button', { name: /^Change: Restarts/ }).click();
      await page.getByText('one person is enough').waitFor();
      await page.mouse.move(0, 0); // off what explains itself under it
    },
  },
  { name: 'security-error', path: '/settings/security', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'security-loading', path: '/settings/security', ready: loading, state: { hold: true } },
  { name: 'security-no-permission', path: '/settings/security', ready: text('Your role does not allow this'), state: { role: 'viewer' } },
];
