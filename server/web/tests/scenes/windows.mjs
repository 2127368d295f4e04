// Maintenance windows and groups of machines.
import { text } from './common.mjs';

export const scenes = [
  { name: 'windows', path: '/updates/rules', ready: text('The site’s own windows'), act: (page) => page.getByText('Windows of its client').or(page.getByText('The site’s own windows')).first().scrollIntoViewIfNeeded() },
  {
    name: 'windows-of-machine',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByText('Machines there that go by windows of their groups or their own:').waitFor();
      const field = page.getByRole('combobox', { name: 'In force at' }).or(page.getByRole('textbox', { name: 'In force at' }));
      await field.click();
      await field.fill('build-005');
      await page.getByRole('option', { name: 'build-005.example.com' }).click();
      await page.getByText('The windows of its groups, by the clocks of').waitFor();
    },
  },
  { name: 'windows-none', path: '/updates/rules', ready: text('No window: what changes machines'), state: { size: 0 } },
  {
    name: 'window-add',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a window…' }).click();
      await page.getByRole('combobox', { name: 'Where' }).or(page.getByRole('textbox', { name: 'Where' })).click();
      await page.getByRole('option', { name: 'Harbour Dental, group Databases' }).click();
      await page.getByText('Europe/London (3 sites, 41 machines)').waitFor();
    },
  },
  {
    name: 'group-change',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Change the group Databases' }).click();
      await page.getByRole('dialog').getByText('Machines').first().waitFor();
    },
  },
  {
    name: 'window-change',
    path: '/updates/rules',
    ready: text('The site’s own windows'),
    act: async (page) => {
      await page.getByRole('button', { name: /^Change After Patch Tuesday/ }).click();
      await page.getByText('Europe/London (3 sites, 41 machines)').waitFor();
    },
  },
];
