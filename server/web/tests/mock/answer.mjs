// Finds who answers a request: each area of the API names its routes in one table.
import { account_routes } from './account.mjs';
import { routes as agents } from './agents.mjs';
import { routes as approval_policies } from './approval-policies.mjs';
import { routes as approvals } from './approvals.mjs';
import { routes as audit } from './audit.mjs';
import { routes as commands } from './commands.mjs';
import { Refusal } from './common.mjs';
import { routes as enrolment } from './enrolment.mjs';
import { routes as errors } from './errors.mjs';
import { routes as groups } from './groups.mjs';
import { routes as ignore_rules } from './ignore-rules.mjs';
import { routes as metrics } from './metrics.mjs';
import { routes as overview } from './overview.mjs';
import { routes as people } from './people.mjs';
import { routes as places } from './places.mjs';
import { routes as profiles } from './profiles.mjs';
import { routes as records } from './records.mjs';
import { routes as schedules } from './schedules.mjs';
import { routes as second_person } from './second-person.mjs';
import { routes as security } from './security.mjs';
import { sessionOf, signed_out_routes } from './session.mjs';
import { routes as updates } from './updates.mjs';
import { routes as windows } from './windows.mjs';

const areas = [
  agents, approval_policies, approvals, audit, commands, enrolment, errors, groups, ignore_rules, metrics, overview,
  people, places, profiles, records, schedules, second_person, security, updates, windows,
];

const answers = new Map();
for (const [route, answer] of areas.flatMap(Object.entries)) {
  if (answers.has(route)) throw new Error(`${route} has two answers`);
  answers.set(route, answer);
}

const isOfAccount = (path) => path.startsWith('/api/v1/account/') || path === '/api/v1/session/step-up';

// As the tables name it: 'PUT agents/{id}/site'.
function nameOf(method, [collection, id, action]) {
  return `${method} ${collection}${id ? '/{id}' : ''}${action ? `/${action}` : ''}`;
}

// [status, body] of one API request.
export function answer(mock, method, path, query, body, headers) {
  const route = `${method} ${path}`;
  if (signed_out_routes[route]) return signed_out_routes[route](mock, body);
  if (mock.role === null) throw new Refusal(401, 'session.none', 'Nobody is signed in.');
  if (route === 'GET /api/v1/session') return [200, sessionOf(mock)];
  if (mock.fail) throw new Refusal(mock.fail, mock.fail === 403 ? 'permission' : 'store.failed', 'The store did not answer: disk I/O error.');
  if (method !== 'GET' && headers['x-csrf-token'] !== 'mock-csrf-token') throw new Refusal(403, 'csrf', 'The CSRF token is missing.');
  if (route === 'DELETE /api/v1/session') return (mock.role = null), [204];
  if (isOfAccount(path)) return account_routes[route]?.(mock, body) ?? [204];
  const parts = path.split('/').slice(3);
  const found = answers.get(nameOf(method, parts));
  if (!found) throw new Refusal(404, 'not_found', `There is no ${route}.`);
  return found(mock, { id: parts[1], query, body, headers });
}
