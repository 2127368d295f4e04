// Enrolling machines.
import { makeToken } from '../mock/enrolment.mjs';
import { text } from './common.mjs';

export const scenes = [
  { name: 'enrolment', path: '/enrolment', ready: text('Seats used') },
  {
    name: 'enrolment-waiting',
    path: '/enrolment',
    ready: text('Seats used'),
    act: async (page, mock) => {
      await page.getByRole('button', { name: 'Make a token' }).click();
      await page.getByText('Waiting for the machine').waitFor();
      makeToken(mock, { seats: 1, expires_in_s: 3600 });
    },
  },
  { name: 'enrolment-no-permission', path: '/enrolment', ready: text('Your role does not allow this'), state: { role: 'viewer' } },
];
