// Settings that are wished.
import { loading, text } from './common.mjs';

export const scenes = [
  { name: 'profiles', path: '/profiles', ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor() },
  {
    name: 'profiles-unreadable', ready: text('Its settings cannot be read'),
    path: (mock) => {
      Object.assign(mock.profiles.rows[0], { settings: {}, problem: 'its settings cannot be read: no JSON' });
      return '/profiles';
    },
  },
  { name: 'profiles-empty', path: '/profiles', ready: text('Nothing is wished here'), state: { size: 0 } },
  { name: 'profiles-error', path: '/profiles', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'profiles-loading', path: '/profiles', ready: loading, state: { hold: true } },
  { name: 'profiles-viewer', path: '/profiles', ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor(), state: { role: 'viewer' } },
  {
    name: 'profiles-group',
    path: '/profiles',
    ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor(),
    act: async (page) => {
      await page.getByRole('list', { name: 'Where something is set' }).getByRole('link', { name: 'Harbour Dental, group Databases' }).click();
      await page.getByText('Group Databases · Databases are left alone').first().waitFor();
    },
  },
  {
    name: 'profile',
    path: '/profiles',
    ready: (page) => page.getByRole('list', { name: 'What is wished' }).waitFor(),
    act: async (page) => {
      await page.getByRole('button', { name: 'Change what is set here…' }).click();
      await page.getByRole('textbox', { name: 'Every', exact: true }).fill('2h');
      await page.getByText(/^Would change /).waitFor();
    },
  },
];
