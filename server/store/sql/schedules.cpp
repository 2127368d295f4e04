#include "store/sql/schedules.h"

#include "store/sql/select.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr const char* kScheduleColumns =
    "SELECT s.client_id, s.schedule_id, s.site_id, s.agent_ids, s.name, s.type, s.parameters, s.rule, "
    "s.time_zone, s.catch_up_s, s.state, s.author_id, s.author, s.answers_id, s.second_id, s.second_by, "
    "s.second_reason, "
    "s.created_at, s.changed_at, s.checked_at, s.next_at, s.second_at FROM schedules s";

Schedule scheduleFrom(Rows& rows) {
  Schedule schedule;
  schedule.client_id = rows.text();
  schedule.id = rows.text();
  schedule.site_id = rows.text();
  schedule.agent_ids = fromJsonList(rows.text());
  for (std::string* field :
       {&schedule.name, &schedule.type, &schedule.parameters, &schedule.rule, &schedule.time_zone})
    *field = rows.text();
  schedule.catch_up_s = rows.integer();
  for (std::string* field : {&schedule.state, &schedule.author_id, &schedule.author, &schedule.answers_id,
                             &schedule.second.id, &schedule.second.by, &schedule.second.reason})
    *field = rows.text();
  for (std::int64_t* field : {&schedule.created_at, &schedule.changed_at, &schedule.checked_at,
                              &schedule.next_at, &schedule.second.at})
    *field = rows.integer();
  return schedule;
}

ScheduleRun runFrom(const Schedule& schedule, Rows& rows) {
  ScheduleRun run;
  run.client_id = schedule.client_id;
  run.schedule_id = schedule.id;
  run.time_zone = rows.text();
  run.local_minute = rows.integer();
  run.id = rows.text();
  run.due_at = rows.integer();
  run.at = rows.integer();
  for (std::string* field : {&run.outcome, &run.reason.code, &run.reason.text})
    *field = rows.text();
  run.ordered = rows.integer();
  run.left_out = rows.text();
  return run;
}

std::int64_t countOf(Connection& db, const std::string& sql, const std::vector<Value>& values) {
  auto rows = db.queryValues(sql, values);
  rows.next();
  return rows.integer();
}

}  // namespace

std::vector<Schedule> SqlSchedules::select(const std::string& conditions,
                                           const std::vector<Value>& values) const {
  std::vector<Schedule> found;
  const std::string sql = kScheduleColumns + conditions;
  for (auto rows = db_.queryValues(sql, values); rows.next();)
    found.push_back(scheduleFrom(rows));
  return found;
}

Page<Schedule> SqlSchedules::list(const http::Visible& visible, const PageRequest& page) const {
  Conditions where;
  restrict(where, visible, "s.client_id", "s.site_id");
  Page<Schedule> answer;
  answer.total = countOf(db_, "SELECT COUNT(*) FROM schedules s" + where.sql(), where.values());
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, "tt");
    where.add("(s.name, s.schedule_id) > (?, ?)", keys[0].get<std::string>(), keys[1].get<std::string>());
  }
  answer.items = select(where.sql() + " ORDER BY s.name, s.schedule_id LIMIT ?", where.with(page.limit + 1));
  if (answer.items.size() > page.limit) {
    answer.items.pop_back();
    answer.next_cursor = encodeCursor(Json::array({answer.items.back().name, answer.items.back().id}));
  }
  return answer;
}

std::optional<Schedule> SqlSchedules::find(const std::string& id, const http::Visible& visible) const {
  Conditions where;
  where.add("s.schedule_id = ?", id);
  restrict(where, visible, "s.client_id", "s.site_id");
  auto found = select(where.sql(), where.values());
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::int64_t SqlSchedules::count() const {
  return countOf(db_, "SELECT COUNT(*) FROM schedules", {});
}

void SqlSchedules::add(const Schedule& schedule) {
  db_.post(
      "INSERT INTO schedules (client_id, schedule_id, site_id, agent_ids, name, type, parameters, rule, "
      "time_zone, catch_up_s, state, author_id, author, created_at, changed_at, checked_at, next_at, "
      "answers_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      schedule.client_id, schedule.id, schedule.site_id, toJsonList(schedule.agent_ids), schedule.name,
      schedule.type, schedule.parameters, schedule.rule, schedule.time_zone, schedule.catch_up_s,
      schedule.state, schedule.author_id, schedule.author, schedule.created_at, schedule.changed_at,
      schedule.checked_at, schedule.next_at, schedule.answers_id);
}

void SqlSchedules::change(const Schedule& schedule) {
  db_.post(
      "UPDATE schedules SET site_id = ?, agent_ids = ?, name = ?, type = ?, parameters = ?, rule = ?, "
      "time_zone = ?, catch_up_s = ?, state = ?, author_id = ?, author = ?, changed_at = ?, checked_at = ?, "
      "next_at = ?, answers_id = ? WHERE client_id = ? AND schedule_id = ?",
      schedule.site_id, toJsonList(schedule.agent_ids), schedule.name, schedule.type, schedule.parameters,
      schedule.rule, schedule.time_zone, schedule.catch_up_s, schedule.state, schedule.author_id,
      schedule.author, schedule.changed_at, schedule.checked_at, schedule.next_at, schedule.answers_id,
      schedule.client_id, schedule.id);
  setSecondOpinion(schedule);
}

void SqlSchedules::setSecondOpinion(const Schedule& schedule) {
  db_.post(
      "UPDATE schedules SET second_id = ?, second_by = ?, second_at = ?, second_reason = ? WHERE client_id = "
      "? AND schedule_id = ?",
      schedule.second.id, schedule.second.by, schedule.second.at, schedule.second.reason, schedule.client_id,
      schedule.id);
}

void SqlSchedules::remove(const Schedule& schedule) {
  db_.post("DELETE FROM schedules WHERE client_id = ? AND schedule_id = ?", schedule.client_id, schedule.id);
}

std::vector<Schedule> SqlSchedules::due(std::int64_t now, const Schedule& after, std::size_t limit) const {
  return select(
      " WHERE s.state = 'active' AND s.next_at <= ? AND (s.next_at, s.schedule_id) > (?, ?) "
      "ORDER BY s.next_at, s.schedule_id LIMIT ?",
      {now, after.next_at, after.id, toValue(limit)});
}

bool SqlSchedules::addRun(const ScheduleRun& run) {
  return db_.execute(
             "INSERT INTO schedule_runs (client_id, schedule_id, time_zone, local_minute, run_id, due_at, "
             "at, "
             "outcome, reason_code, reason_text, ordered, left_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
             "?) ON CONFLICT (client_id, schedule_id, time_zone, local_minute) DO NOTHING",
             run.client_id, run.schedule_id, run.time_zone, run.local_minute, run.id, run.due_at, run.at,
             run.outcome, run.reason.code, run.reason.text, run.ordered, run.left_out) > 0;
}

void SqlSchedules::completeRun(const ScheduleRun& run) {
  db_.post("UPDATE schedule_runs SET ordered = ?, left_out = ? WHERE client_id = ? AND run_id = ?",
           run.ordered, run.left_out, run.client_id, run.id);
}

Page<ScheduleRun> SqlSchedules::runs(const Schedule& schedule, const PageRequest& page) const {
  Conditions where;
  where.add("r.client_id = ?", schedule.client_id);
  where.add("r.schedule_id = ?", schedule.id);
  Page<ScheduleRun> answer;
  answer.total = countOf(db_, "SELECT COUNT(*) FROM schedule_runs r" + where.sql(), where.values());
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, "it");
    where.add("(r.due_at, r.run_id) < (?, ?)", keys[0].get<std::int64_t>(), keys[1].get<std::string>());
  }
  const std::string sql =
      "SELECT r.time_zone, r.local_minute, r.run_id, r.due_at, r.at, r.outcome, r.reason_code, "
      "r.reason_text, r.ordered, r.left_out FROM schedule_runs r" +
      where.sql() + " ORDER BY r.due_at DESC, r.run_id DESC LIMIT ?";
  const auto values = where.with(page.limit + 1);
  for (auto rows = db_.queryValues(sql, values); rows.next();)
    answer.items.push_back(runFrom(schedule, rows));
  if (answer.items.size() > page.limit) {
    answer.items.pop_back();
    answer.next_cursor = encodeCursor(Json::array({answer.items.back().due_at, answer.items.back().id}));
  }
  countStates(answer.items);
  return answer;
}

void SqlSchedules::countStates(std::vector<ScheduleRun>& runs) const {
  if (runs.empty()) return;
  std::vector<std::string> ids;
  std::map<std::string, ScheduleRun*> by_id;
  for (auto& run : runs) {
    ids.push_back(run.id);
    by_id[run.id] = &run;
  }
  Conditions where;
  where.in("run_id", ids);
  const std::string sql = "SELECT run_id, state, COUNT(*) FROM commands" + where.sql() +
                          " AND run_id <> '' GROUP BY run_id, state";
  auto rows = db_.queryValues(sql, where.values());
  while (rows.next()) {
    ScheduleRun& run = *by_id.at(rows.text());
    const std::string state = rows.text();
    run.states[state] = rows.integer();
  }
}

void SqlSchedules::setChecked(const Schedule& schedule, std::int64_t checked_at, std::int64_t next_at,
                              const std::string& state) {
  db_.post(
      "UPDATE schedules SET checked_at = ?, next_at = ?, state = ? WHERE client_id = ? AND schedule_id = ? "
      "AND changed_at = ? AND state = ?",
      checked_at, next_at, state, schedule.client_id, schedule.id, schedule.changed_at, schedule.state);
}

std::vector<Schedule> SqlSchedules::active() const {
  return select(" WHERE s.state = 'active' ORDER BY s.schedule_id", {});
}

std::vector<Schedule> SqlSchedules::checkedAfter(std::int64_t at) const {
  return select(" WHERE s.checked_at > ? ORDER BY s.schedule_id", {at});
}

void SqlSchedules::setNext(const Schedule& schedule, std::int64_t next_at) {
  db_.post("UPDATE schedules SET next_at = ? WHERE client_id = ? AND schedule_id = ?", next_at,
           schedule.client_id, schedule.id);
}

void SqlSchedules::forgetMissed(const Schedule& schedule, std::int64_t now) {
  db_.post(
      "DELETE FROM schedule_runs WHERE client_id = ? AND schedule_id = ? AND outcome = 'missed' AND due_at > "
      "?",
      schedule.client_id, schedule.id, now);
}

bool SqlSchedules::prune(std::int64_t before, int limit) {
  return db_.execute(
             "DELETE FROM schedule_runs WHERE run_id IN (SELECT run_id FROM schedule_runs WHERE at < ? LIMIT "
             "?)",
             before, limit) == limit;
}

}  // namespace redflag::store::sql
