// Schedules and their runs.
import { Refusal, page } from './common.mjs';
import { makeId } from './data/ids.mjs';
import { approveBeforehand } from './second-person.mjs';

function listSchedules(mock) {
  const { at, clients } = mock.fleet;
  if (clients.length === 0 || mock.fleet.agents.length === 0) return [];
  const one = (n, name, type, scope, rule, when, more = {}) => ({
    id: makeId('SCHED', n), name, type, parameters: {}, scope, rule, when, time_zone: null, catch_up_s: 3600, state: 'active', author: 'mara',
    created_at: at(2_000_000), changed_at: at(90_000), next_at: at(-30_000), second_person: null, ...more,
  });
  mock.planned ??= [
    one(1, 'Look again every night', 'scan', { client_id: clients[0].id }, { repeat: 'daily', time: '02:00' }, 'every day at 02:00'),
    one(2, 'Greet the <b>office</b> of Northfield', 'greet', { site_id: clients[1].sites[1].id }, { repeat: 'weekly', time: '07:30', weekdays: ['mon', 'thu'] }, 'every Monday and Thursday at 07:30', { parameters: { whom: 'everybody' }, catch_up_s: 0 }),
    one(3, 'Restart after Patch Tuesday', 'scan', { everything: true }, { repeat: 'patch_tuesday', time: '23:00', after_days: 4 }, 'every month, 4 days after Patch Tuesday, at 23:00', { time_zone: 'Europe/Berlin', state: 'paused', next_at: null }),
    one(4, 'Once, tonight', 'scan', { agent_ids: mock.fleet.agents.slice(0, 2).map((each) => each.id) }, { repeat: 'once', time: '02:30', date: '2026-01-04' }, 'once, on 2026-01-04 at 02:30', { state: 'done', next_at: null }),
    one(5, 'Wipe after each quarter', 'wipe', { client_id: clients[0].id }, { repeat: 'monthly', time: '04:00', day: 1 }, 'every month, on the 1st, at 04:00', { author: 'jo', second_person: { by: 'erin', at: at(80_000), reason: 'looked at it with jo', counts: true } }),
  ];
  return mock.planned;
}

function scheduleOf(mock, id) {
  const found = listSchedules(mock).find((each) => each.id === id);
  if (!found) throw new Refusal(404, 'schedule.not_found', 'There is no such schedule.');
  return found;
}

function newSchedule(mock, wish) {
  const made = { ...listSchedules(mock)[0], ...wish, id: makeId('SCHED', 100 + listSchedules(mock).length), when: 'every day at 02:00' };
  mock.planned.push(made);
  return made;
}

function scheduleForecast(mock, { rule }) {
  const next = [1, 2, 3, 4, 5].map((n) => ({ at: mock.fleet.at(-86_400 * n), local: `2026-03-${26 + n}T${rule.time}`, moved: n === 3 }));
  const waits = [{ window: 'the window "Night" of the client Northfield Surgery', opens_at: mock.fleet.at(-90_000), closes_at: mock.fleet.at(-115_200), agents: 12 }];
  const problem = "this server's system does not know US/Pacific-New, the time zone of the site Harbour: set another one there";
  const zones = [
    { time_zone: 'Europe/London', sites: 3, problem: null, next },
    { time_zone: 'America/New_York', sites: 1, problem: null, next: next.map((each) => ({ ...each, moved: false })) },
    { time_zone: 'US/Pacific-New', sites: 1, problem, next: [] },
  ];
  return { agents: 41, left_out: 1, waits, zones };
}

function scheduleRuns(mock) {
  const { at } = mock.fleet;
  const run = (n, more) => ({ id: makeId('RVN', n), time_zone: n % 2 ? 'Europe/London' : 'America/New_York', local: `2026-01-${20 - n}T02:00`, due_at: at(86_400 * n), at: at(86_400 * n - 3), outcome: 'ordered', reason: null, ordered: 40, states: { succeeded: 38, failed: 1, expired: 1 }, left_out: [], ...more });
  return [
    run(1, { states: { running: 3, succeeded: 37 } }),
    run(2, { left_out: [{ hostname: 'web-<i>01</i>', code: 'agent.report_mode', text: 'it is in report mode: nothing can be changed there' }, { hostname: 'db-02', code: 'agent.not_active', text: 'it gets no orders: it is cloned' }] }),
    run(3, { outcome: 'missed', ordered: 0, states: {}, reason: { code: 'schedule.too_late', text: 'no server could carry it out within 60 minutes' } }),
    run(4, { outcome: 'refused', ordered: 0, states: {}, reason: { code: 'schedule.author_gone', text: 'mara, who saved it last, may do nothing any more' } }),
  ];
}

export const routes = {
  'GET schedules': (mock, { query }) => [200, page(listSchedules(mock), query)],
  'POST schedules': (mock, { body }) => [201, newSchedule(mock, body)],
  'POST schedules/{id}': (mock, { body }) => [200, scheduleForecast(mock, body)],
  'GET schedules/{id}': (mock, { id }) => [200, scheduleOf(mock, id)],
  'PUT schedules/{id}': (mock, { id, body }) => [200, Object.assign(scheduleOf(mock, id), body)],
  'POST schedules/{id}/pause': (mock, { id }) => [200, Object.assign(scheduleOf(mock, id), { state: 'paused', next_at: null })],
  'POST schedules/{id}/resume': (mock, { id }) => [200, Object.assign(scheduleOf(mock, id), { state: 'active', next_at: mock.fleet.at(-7200) })],
  'POST schedules/{id}/approve': (mock, { id, body }) => [200, approveBeforehand(mock, scheduleOf(mock, id), body)],
  'POST schedules/{id}/withdraw-approval': (mock, { id }) => [200, Object.assign(scheduleOf(mock, id), { second_person: null })],
  'GET schedules/{id}/runs': (mock, { query }) => [200, page(scheduleRuns(mock), query)],
  'DELETE schedules/{id}': (mock, { id }) => ((mock.planned = listSchedules(mock).filter((each) => each.id !== id)), [204]),
};
