// The list of machines.
import { loading, table, text } from './common.mjs';

export const scenes = [
  { name: 'agents', path: '/agents', ready: table('Agents') },
  { name: 'agents-silent', path: '/agents?connection=silent&sort=-last_seen', ready: (page) => page.getByText('11 agents').waitFor() },
  { name: 'agents-nothing-matches', path: '/agents?search=no-such-machine', ready: text('Nothing matches these filters') },
  { name: 'agents-loading', path: '/agents', ready: loading, state: { hold: true } },
  { name: 'agents-error', path: '/agents', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'agents-many', path: '/agents?sort=-updates', ready: text('10,000 agents'), state: { size: 10_000 } },
  { name: 'agents-empty', path: '/agents', ready: text('No machine is enrolled yet'), state: { size: 0 } },
  { name: 'agents-needing-a-look', path: '/agents?identity=needs_a_look', ready: (page) => page.getByText('4 agents').waitFor() },
  { name: 'agents-restored', path: '/agents?identity=restored', ready: text('Accept 2 restored machines') },
  {
    name: 'agents-move',
    path: '/agents?search=web-',
    ready: table('Agents'),
    act: async (page) => {
      for (const box of (await page.getByRole('checkbox', { name: /^Select web-/ }).all()).slice(0, 4)) await box.check();
      await page.getByRole('button', { name: 'Move…' }).click();
      await page.getByRole('combobox', { name: 'To the site' }).or(page.getByRole('textbox', { name: 'To the site' })).click();
      await page.getByRole('option').first().click();
      await page.getByText(/^Moves |^None of them moves/).waitFor();
    },
  },
  { name: 'agents-of-a-client', path: (mock) => `/agents?client_id=${mock.fleet.clients[0].id}`, ready: table('Agents') },
];
