// Updates, approving and ignoring them.
import { loading, table, text } from './common.mjs';

export const scenes = [
  { name: 'updates', path: '/updates', ready: table('Updates') },
  { name: 'updates-loading', path: '/updates', ready: loading, state: { hold: true } },
  { name: 'updates-error', path: '/updates', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'updates-viewer', path: '/updates', ready: table('Updates'), state: { role: 'viewer' } },
  { name: 'updates-by-machine', path: '/updates/rows?state=failed,awaiting_confirmation', ready: (page) => page.getByRole('table').waitFor() },
  { name: 'updates-of-one', path: '/updates/rows?manager=apt&name=openssl&arch=amd64&version=3.0.17-1~deb12u2', ready: (page) => page.getByRole('table').waitFor() },
  {
    name: 'update-evidence',
    path: '/updates/rows?state=verified',
    ready: (page) => page.getByRole('table').waitFor(),
    act: async (page) => {
      await page.getByRole('button', { name: 'Why do we say verified?' }).first().click();
      await page.getByText('it no longer lists this update').waitFor();
    },
  },
  { name: 'updates-of-one-nobody-needs', path: '/updates/rows?manager=apt&name=none&arch=amd64&version=1', ready: text('No machine needs this update') },
  {
    name: 'ignore-elsewhere',
    path: '/updates',
    ready: table('Updates'),
    state: { role: 'approver', elsewhere: true },
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Select curl 7.88.1-10+deb12u12' }).check();
      await page.getByRole('button', { name: 'Ignore…' }).click();
      await page.getByText('Choose where, and you see').waitFor();
    },
  },
  { name: 'updates-empty', path: '/updates', ready: text('No update is known'), state: { size: 0 } },
  {
    name: 'approve',
    path: '/updates',
    ready: table('Updates'),
    act: async (page) => {
      for (const name of ['openssl 3.0.17-1~deb12u2', 'linux-image-amd64 6.1.137-1']) {
        await page.getByRole('checkbox', { name: `Select ${name}` }).check();
      }
      await page.getByRole('button', { name: 'Approve…' }).click();
      await page.getByText('left out').waitFor();
    },
  },
  { name: 'updates-ignored', path: '/updates/rows?state=ignored', ready: (page) => page.getByRole('table').waitFor() },
  {
    name: 'ignore',
    path: '/updates',
    ready: table('Updates'),
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Select curl 7.88.1-10+deb12u12' }).check();
      await page.getByRole('button', { name: 'Ignore…' }).click();
      await page.getByRole('textbox', { name: 'Reason' }).fill('The till breaks with it');
      await page.getByText(/^Ignores /).waitFor();
    },
  },
  {
    name: 'approve-waits',
    path: '/updates',
    ready: table('Updates'),
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Select curl 7.88.1-10+deb12u12' }).check();
      await page.getByRole('button', { name: 'Approve…' }).click();
      await page.getByLabel('Now, outside of maintenance windows').check();
      await page.getByLabel('Why it cannot wait').fill('An exploit is out');
    },
  },
];
