// The audit log.
import { loading, text } from './common.mjs';

export const scenes = [
  {
    name: 'audit',
    path: '/audit',
    ready: text('420 records'),
    act: async (page) => {
      await page.getByRole('button', { expanded: false }).filter({ hasText: 'sign_in.failed' }).first().click();
      await page.getByText('Hash before').waitFor();
    },
  },
  { name: 'audit-elsewhere', path: '/audit', ready: text('420 records'), state: { elsewhere: true } },
  { name: 'audit-filtered', path: '/audit?kind=enrolment&severity=warning', ready: text('seats exhausted') },
  { name: 'audit-tampered', path: '/audit', ready: text('record 211 was changed'), state: { tampered: true } },
  { name: 'audit-nothing-matches', path: '/audit?actor=nobody', ready: text('Nothing matches these filters') },
  { name: 'audit-error', path: '/audit', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'audit-loading', path: '/audit', ready: loading, state: { hold: true } },
  { name: 'audit-no-permission', path: '/audit', ready: text('Your role does not allow this'), state: { role: 'viewer' } },
];
