// What is ignored and approved by rules.
import { loading, text } from './common.mjs';

export const scenes = [
  { name: 'rules', path: '/updates/rules', ready: (page) => Promise.all([text('Tills: only what is grave')(page), text('postgresql-*')(page)]) },
  { name: 'rules-ended', path: '/updates/rules?ended=1', ready: text('lifted by jo') },
  { name: 'rules-error', path: '/updates/rules', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'rules-loading', path: '/updates/rules', ready: loading, state: { hold: true } },
  { name: 'rules-elsewhere', path: '/updates/rules', ready: text('Tills: only what is grave'), state: { role: 'admin', elsewhere: true } },
  { name: 'rules-viewer', path: '/updates/rules', ready: text('Tills: only what is grave'), state: { role: 'viewer' } },
  {
    name: 'policy',
    path: '/updates/rules',
    ready: text('Tills: only what is grave'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a policy…' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Security');
      await page.getByRole('button', { name: 'What would it approve now?' }).click();
      await page.getByText(/^It would approve /).waitFor();
    },
  },
  {
    name: 'policy-approve',
    path: '/updates/rules',
    ready: text('Tills: only what is grave'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Approve once: what Security after a day' }).click();
      await page.getByRole('dialog').getByText('jo answers for it.').waitFor();
    },
  },
];
