// Setting up, signing in, and proving that one is who one is.
import { agent, heading, orderDialog, text } from './common.mjs';

export const scenes = [
  { name: 'sign-in', path: '/agents', ready: heading('Sign in'), state: { role: null } },
  {
    name: 'sign-in-wrong',
    path: '/sign-in',
    ready: heading('Sign in'),
    state: { role: null },
    act: async (page) => {
      await page.getByLabel('Username').fill('mara');
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Username or password is wrong').waitFor();
    },
  },
  {
    name: 'sign-in-code',
    path: '/sign-in',
    ready: heading('Sign in'),
    state: { role: null, factor: true },
    act: async (page) => {
      await page.getByLabel('Username').fill('mara');
      await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await heading('Second factor')(page);
      await page.getByLabel('Code').fill('000000');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('The code is wrong').waitFor();
    },
  },
  { name: 'second-factor-required', path: '/agents', ready: heading('Set up a second factor'), state: { required: true } },
  {
    name: 'prove',
    path: agent(2),
    ready: text('APT packages'),
    state: { proven: false },
    act: async (page) => {
      await orderDialog(page, 'Wipe the greeting');
      await page.getByRole('button', { name: 'Order: Wipe the greeting' }).click();
      await page.getByRole('dialog', { name: 'Prove that it is you' }).waitFor();
    },
  },
  { name: 'setup', path: '/setup#token=one-time', ready: heading('First administrator'), state: { role: null, setup: true } },
  { name: 'setup-done', path: '/setup', ready: heading('Set-up is done'), state: { role: null } },
];
