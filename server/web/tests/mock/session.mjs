// Setting up, signing in, and who is signed in.
import { Refusal } from './common.mjs';
import { makeId } from './data/ids.mjs';

export const signed_out_routes = {
  'GET /api/v1/setup': (mock) => (needSetup(mock), [200, { open: true }]),
  'POST /api/v1/setup': (mock, body) => {
    needSetup(mock);
    if (body.token !== 'one-time') throw new Refusal(403, 'setup.token', 'The token is not the one on the console.');
    Object.assign(mock, { setup: false, role: 'admin' });
    return [201, sessionOf(mock)];
  },
  'POST /api/v1/session': (mock, body) => {
    if (body.password !== 'correct horse battery') throw new Refusal(401, 'session.credentials', 'Username or password is wrong.');
    if (mock.factor) return (mock.half = true), [202, { second_factor: { enabled: true } }];
    mock.role ??= 'admin';
    return [200, sessionOf(mock)];
  },
  'POST /api/v1/session/second-factor': (mock, body) => {
    if (!mock.half || body.code !== '123456') throw new Refusal(401, 'sign_in.code', 'The code is wrong, or was used before.');
    Object.assign(mock, { half: false, role: mock.role ?? 'admin' });
    return [200, sessionOf(mock)];
  },
};

function needSetup(mock) {
  if (!mock.setup) throw new Refusal(404, 'not_found', 'There is nothing here.');
}

export function sessionOf(mock) {
  return { user: { id: makeId('USER', 1), username: 'mara', role: mock.role, grants: [{ role: mock.role, client_id: mock.elsewhere ? makeId('GONE', 1) : null, site_id: null }] }, second_factor: { enabled: mock.factor, required: mock.required }, csrf_token: 'mock-csrf-token' };
}

export function needCode(body) {
  if (body.code !== '123456') throw new Refusal(422, 'second_factor.wrong_code', 'The code is wrong, or was used before.', 'code');
}
