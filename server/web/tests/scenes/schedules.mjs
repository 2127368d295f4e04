// Schedules.
import { makeId } from '../mock/data/ids.mjs';
import { loading, table, text } from './common.mjs';

export const scenes = [
  { name: 'schedules', path: '/schedules', ready: table('Schedules') },
  { name: 'schedules-empty', path: '/schedules', ready: text('Nothing is scheduled'), state: { size: 0 } },
  { name: 'schedules-error', path: '/schedules', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'schedules-loading', path: '/schedules', ready: loading, state: { hold: true } },
  { name: 'schedules-viewer', path: '/schedules', ready: table('Schedules'), state: { role: 'viewer' } },
  {
    name: 'schedules-add',
    path: '/schedules',
    ready: table('Schedules'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add a schedule…' }).click();
      await page.getByRole('combobox', { name: 'For' }).or(page.getByRole('textbox', { name: 'For' })).click();
      await page.getByRole('option', { name: 'Every machine of every client' }).click();
      await page.getByText('Would be ordered of 41 machines now').waitFor();
    },
  },
  { name: 'schedule', path: `/schedules/${makeId('SCHED', 2)}`, ready: text('no server could carry it out') },
  { name: 'schedule-approved', path: `/schedules/${makeId('SCHED', 5)}`, ready: text('Approved beforehand by erin') },
  { name: 'schedule-not-found', path: '/schedules/01KXXXXXXXXXXXXXXXXXXXXXXX', ready: text('schedule.not_found') },
];
