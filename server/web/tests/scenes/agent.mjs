// One machine.
import { agent, loading, orderDialog, text } from './common.mjs';

export const scenes = [
  { name: 'agent', path: agent(5), ready: text('APT packages') },
  { name: 'agent-elsewhere', path: agent(2), ready: text('APT packages'), state: { role: 'technician', elsewhere: true } },
  {
    name: 'agent-cut', ready: text('are too long to be shown here'),
    path: (mock) => {
      mock.fleet.agents.find(({ id }) => agent(5).endsWith(id)).cut = true;
      return agent(5);
    },
  },
  { name: 'agent-pending', path: agent(21), ready: text('Pending approval') },
  { name: 'agent-cloned', path: agent(22), ready: text('From 198.51.100.4') },
  {
    name: 'agent-accept',
    path: agent(22),
    ready: text('From 198.51.100.4'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Accept…' }).click();
      await page.getByText('Which one is this machine?').waitFor();
    },
  },
  { name: 'agent-hostile', path: agent(4), ready: text('APT packages') },
  { name: 'agent-loading', path: agent(5), ready: loading, state: { hold: true } },
  { name: 'agent-error', path: agent(5), ready: text('store.failed'), state: { fail: 500 } },
  { name: 'agent-viewer', path: agent(2), ready: text('APT packages'), state: { role: 'viewer' } },
  { name: 'agent-turned', path: agent(10), ready: text('APT packages') },
  { name: 'agent-silent', path: `${agent(6)}?tab=updates`, ready: text('is not connected') },
  { name: 'agent-report-mode', path: `${agent(1)}?tab=updates`, ready: text('is in report mode:') },
  { name: 'agent-updates', path: `${agent(2)}?tab=updates`, ready: (page) => page.getByRole('table').waitFor() },
  {
    name: 'agent-services',
    path: agent(2),
    ready: text('Services to restart'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Restart…' }).click();
      await page.getByText('Whoever uses one of them notices').waitFor();
    },
  },
  { name: 'agent-failed-units', path: agent(2), ready: text('Failed units') },
  { name: 'agent-records', path: `${agent(2)}?tab=records&kind=package%2F1`, ready: (page) => page.getByRole('table').waitFor() },
  { name: 'agent-records-foreign', path: `${agent(2)}?tab=records`, ready: (page) => page.getByRole('table').waitFor() },
  { name: 'agent-settings', path: `${agent(2)}?tab=settings`, ready: (page) => page.getByRole('list', { name: 'Values' }).waitFor() },
  { name: 'agent-metrics', path: `${agent(2)}?tab=metrics`, ready: text('full in about 34 days') },
  { name: 'agent-metrics-year', path: `${agent(2)}?tab=metrics&period=year`, ready: text('full in about 34 days') },
  { name: 'agent-history', path: `${agent(2)}?tab=history`, ready: text('Newest first') },
  { name: 'agent-log', path: `${agent(2)}?tab=log`, ready: (page) => page.getByRole('list', { name: 'Log' }).or(page.getByText('No line yet')).first().waitFor() },
  { name: 'agent-order', path: agent(2), ready: text('APT packages'), act: (page) => orderDialog(page, 'Greet people') },
  { name: 'agent-order-destructive', path: agent(2), ready: text('APT packages'), act: (page) => orderDialog(page, 'Wipe the greeting') },
  {
    name: 'agent-order-refused',
    path: agent(2),
    ready: text('APT packages'),
    act: async (page) => {
      await orderDialog(page, 'Greet people');
      await page.getByRole('textbox', { name: 'Whom to greet' }).fill('nobody');
      await page.keyboard.press('Enter');
      await page.getByRole('textbox', { name: 'File' }).fill('/tmp/greeting');
      await page.getByRole('button', { name: 'Order: Greet people' }).click();
      await page.getByText('Nobody is greeted').waitFor();
    },
  },
  {
    name: 'agent-rebind',
    path: agent(5),
    ready: text('APT packages'),
    act: async (page) => {
      await page.getByLabel('Reason').fill('The mainboard was replaced');
      await page.getByRole('button', { name: 'Make a bundle' }).click();
      await page.getByLabel('Line to paste').waitFor();
    },
  },
  { name: 'agent-not-found', path: '/agents/01KXXXXXXXXXXXXXXXXXXXXXXX', ready: text('agent.not_found') },
];
