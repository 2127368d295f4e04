// Commands, and what waits for a person.
import { table, text } from './common.mjs';

const scheduled = (mock) => mock.fleet.commands.find((command) => command.state === 'scheduled').id;

function installed(mock) {
  return mock.fleet.commands.find((command) => command.type === 'install_updates' && command.state === 'succeeded').id;
}

function waitingCommand(mock) {
  return mock.fleet.updates.find((update) => update.state === 'awaiting_confirmation').command_id;
}

export const scenes = [
  { name: 'operation-waits-for-window', path: (mock) => `/operations/${scheduled(mock)}`, ready: text('it has missed 1 window before') },
  {
    name: 'operation-run-outside',
    path: (mock) => `/operations/${scheduled(mock)}`,
    ready: text('it has missed 1 window before'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Run now…' }).click();
      await page.getByText('The machine’s own rules still count').waitFor();
    },
  },
  { name: 'operations', path: '/operations', ready: table('Commands') },
  { name: 'operations-error', path: '/operations', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'operations-refused', path: '/operations?state=refused', ready: text('of the policy') },
  { name: 'operations-lost', path: '/operations?state=lost', ready: (page) => page.getByRole('button', { name: /^Give up/ }).first().waitFor() },
  { name: 'operations-technician', path: '/operations', ready: table('Commands'), state: { role: 'technician' } },
  { name: 'operations-narrowed', path: '/operations?view=all&type=scan', ready: text('Only Scan now') },
  { name: 'operations-viewer', path: '/operations', ready: table('Commands'), state: { role: 'viewer' } },
  { name: 'operations-finished', path: '/operations?view=finished', ready: table('Commands') },
  { name: 'operations-to-confirm', path: '/operations?view=confirm', ready: text('Plans that need confirmation') },
  { name: 'operations-to-approve', path: '/operations?view=held', ready: text('Orders that need a second person') },
  { name: 'operations-none-to-approve', path: '/operations?view=held', ready: text('No order waits for a second person'), state: { size: 0 } },
  { name: 'operations-to-approve-viewer', path: '/operations?view=held', ready: text('Orders that need a second person'), state: { role: 'viewer' } },
  {
    name: 'operations-approve',
    path: '/operations?view=held',
    ready: text('Orders that need a second person'),
    act: async (page) => {
      await page.getByRole('button', { name: /^Approve: Restart the machine/ }).click();
      await page.getByRole('dialog', { name: 'Approve what erin ordered' }).waitFor();
    },
  },
  { name: 'operations-empty', path: '/operations', ready: text('Nothing is in flight'), state: { size: 0 } },
  { name: 'operation-to-confirm', path: (mock) => `/operations/${waitingCommand(mock)}`, ready: text('covered by no approval') },
  {
    name: 'operation-confirm',
    path: (mock) => `/operations/${waitingCommand(mock)}`,
    ready: text('covered by no approval'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Confirm the plan…' }).click();
      await page.getByText('nobody has approved').waitFor();
    },
  },
  {
    name: 'operation-roll-back',
    path: (mock) => `/operations/${installed(mock)}`,
    ready: text('Life of this command'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Roll back…' }).click();
      await page.getByText('would go back to the version before').waitFor();
    },
  },
  { name: 'operation-running', path: (mock) => `/operations/${mock.fleet.commands.find((command) => command.state === 'running').id}`, ready: text('Life of this command') },
  { name: 'operation-failed', path: (mock) => `/operations/${mock.fleet.commands.find((command) => command.state === 'failed').id}`, ready: text('dpkg ended') },
];
