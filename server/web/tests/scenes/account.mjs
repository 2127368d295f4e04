// One’s own account.
import { loading, text } from './common.mjs';

export const scenes = [
  { name: 'account', path: '/account', ready: text('Sign out everywhere'), state: { factor: true } },
  { name: 'account-no-factor', path: '/account', ready: (page) => page.getByRole('button', { name: 'Set it up' }).waitFor() },
  { name: 'account-error', path: '/account', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'account-loading', path: '/account', ready: loading, state: { hold: true } },
  {
    name: 'account-off',
    path: '/account',
    ready: text('Sign out everywhere'),
    state: { factor: true, required: true },
    act: async (page) => {
      await page.getByRole('button', { name: 'Turn off…' }).click();
      await page.getByText('Your role asks for a second factor').waitFor();
    },
  },
  {
    name: 'account-set-up',
    path: '/account',
    ready: text('Sign out everywhere'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Set it up' }).click();
      await page.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor();
    },
  },
  {
    name: 'account-recovery-codes',
    path: '/account',
    ready: text('Sign out everywhere'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Set it up' }).click();
      await page.getByLabel('Code that the app shows').fill('123456');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('region', { name: 'Recovery codes' }).waitFor();
    },
  },
];
