#include "store/sql/agents.h"
#include "store/sql/select.h"
#include "store/sql/update_conditions.h"
#include "store/sql/updates.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

Update updateFrom(Rows& rows) {
  Update update;
  UpdateRecord& record = update.record;
  for (std::string* field :
       {&update.id, &update.client_id, &update.site_id, &update.agent_id, &update.hostname,
        &update.agent_mode, &update.agent_connection, &record.manager, &record.key, &record.name,
        &record.arch, &record.candidate_version, &record.installed_version, &record.channel,
        &record.source_package, &record.origin, &record.category, &record.severity, &record.blocked_by}) {
    *field = rows.text();
  }
  record.advisories = fromJsonList(rows.text());
  record.cves = fromJsonList(rows.text());
  record.download_bytes = rows.optionalInteger();
  record.needs_reboot = rows.optionalBoolean();
  update.state = updateState(rows.text()).value();
  update.state_since = rows.integer();
  update.reason.code = rows.text();
  update.reason.text = rows.text();
  update.command_id = rows.text();
  update.first_seen_at = rows.integer();
  record.published_at = rows.integer();
  update.has_updater = rows.boolean();
  update.command_state = rows.text();
  update.command_not_before = rows.integer();
  update.command_expires_at = rows.integer();
  update.command_attempt = rows.integer();
  update.command_window = rows.text();
  update.command_windows_missed = rows.integer();
  update.command_progress = rows.text();
  update.preparation_state = rows.text();
  update.preparation_reason = rows.text();
  update.agent_last_seen_at = rows.integer();
  update.ignored_by = rows.text();
  update.ignored_author = rows.text();
  update.ignored_until = rows.integer();
  return update;
}

// Rows with everything a list shows of them. `chosen` selects the keys of a page's rows: what is looked up
// for a row is not looked up for rows that are not shown.
std::string updatesSql(const std::string& chosen) {
  static const std::string kColumns =
      std::string("SELECT u.update_id, u.client_id, a.site_id, u.agent_id, a.hostname, a.mode, ") +
      kConnectionSql +
      ", u.manager, u.key, u.name, u.arch, u.candidate_version, u.installed_version, u.channel, "
      "u.source_package, u.origin, u.category, u.severity, u.blocked_by, u.advisories, u.cves, "
      "u.download_bytes, u.needs_reboot, u.state, u.state_since, u.reason_code, u.reason_text, "
      "u.command_id, u.first_seen_at, u.published_at, " +
      kHasUpdaterSql +
      ", COALESCE(c.state, ''), COALESCE(c.not_before, 0), COALESCE(c.expires_at, 0), COALESCE(c.attempt, "
      "0), COALESCE(c.window_text, ''), COALESCE(c.windows_missed, 0), COALESCE(c.progress, ''), "
      "COALESCE(p.state, ''), COALESCE(p.reason_text, ''), "
      "a.last_seen_at, u.ignored_by, COALESCE(r.created_by, ''), COALESCE(r.until, 0), " +
      kUrgencySql + " AS urgency FROM (";
  return kColumns + chosen +
         ") chosen JOIN updates u USING (client_id, agent_id, update_id) JOIN agents a USING (client_id, "
         "agent_id) LEFT JOIN commands c ON c.client_id = u.client_id AND c.agent_id = u.agent_id AND "
         "c.command_id = u.command_id LEFT JOIN commands p ON c.state = 'scheduled' AND p.command_id = "
         "(SELECT "
         "d.command_id FROM commands d WHERE d.parent_id = c.command_id AND "
         "d.client_id "
         "= c.client_id AND d.agent_id = c.agent_id ORDER BY d.created_at DESC, d.command_id DESC LIMIT 1) "
         "LEFT JOIN ignore_rules r ON r.rule_id = u.ignored_by "
         "ORDER BY urgency, u.name, u.update_id";
}

void addOpen(UpdateTotals& totals, Rows& rows) {
  const UpdateState state = updateState(rows.text()).value();
  const bool security = rows.boolean();
  const std::string severity = rows.text();
  const bool installable = rows.boolean();
  const std::int64_t count = rows.integer();
  totals.by_state[state] += count;
  if (state == UpdateState::kIgnored) return;
  totals.available += count;
  if (installable) totals.installable += count;
  if (!security) return;
  totals.security += count;
  totals.security_by_severity[severity] += count;
}

std::int64_t countOf(Connection& db, const std::string& from, const Conditions& where) {
  const std::string sql = "SELECT COUNT(*) FROM " + from + where.sql();
  auto rows = db.queryValues(sql, where.values());
  rows.next();
  return rows.integer();
}

}  // namespace

Page<Update> SqlUpdates::list(const UpdateFilter& filter, const http::Visible& visible,
                              const Contact& contact, const PageRequest& page) const {
  Conditions where = updateConditions(filter, visible);
  Page<Update> answer;
  answer.total = countOf(db_, "updates u", where);
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, "itt");
    where.add(std::string("(") + kUrgencySql + ", u.name, u.update_id) > (?, ?, ?)",
              keys[0].get<std::int64_t>(), keys[1].get<std::string>(), keys[2].get<std::string>());
  }
  const std::string sql =
      updatesSql("SELECT u.client_id, u.agent_id, u.update_id FROM updates u" + where.sql() + " ORDER BY " +
                 kUrgencySql + ", u.name, u.update_id LIMIT ?");
  std::vector<Value> values = where.with(page.limit + 1);
  values.insert(values.begin(), contactLimit(contact));
  auto rows = db_.queryValues(sql, values);
  std::int64_t urgency = 0;
  while (rows.next()) {
    if (answer.items.size() == page.limit) {
      answer.next_cursor =
          encodeCursor(Json::array({urgency, answer.items.back().record.name, answer.items.back().id}));
      break;
    }
    answer.items.push_back(updateFrom(rows));
    urgency = rows.integer();
  }
  return answer;
}

std::vector<UpdateRow> SqlUpdates::rows(const UpdateRowFilter& filter, const http::Visible& visible) const {
  Conditions where;
  restrict(where, visible, "u.client_id", "a.site_id");
  const auto equal = [&](const char* condition, const std::string& value) {
    if (!value.empty()) where.add(condition, value);
  };
  equal("u.client_id = ?", filter.client_id);
  equal("a.site_id = ?", filter.site_id);
  if (!filter.agent_id.empty()) addAgent(where, "u", filter.agent_id);
  equal("u.manager = ?", filter.manager);
  equal("u.key = ?", filter.key);
  equal("u.candidate_version = ?", filter.version);
  equal("u.ignored_by = ?", filter.ignored_by);
  restrictToStates(where, filter.states);
  if (filter.seen_until != 0) {
    where.add("(u.first_seen_at <= ? OR (u.published_at > 0 AND u.published_at <= ?))", filter.seen_until,
              filter.seen_until);
  }
  const UpdateRowPlace& after = filter.after;
  if (!after.id.empty()) {
    where.add("(u.client_id, u.agent_id, u.name, u.update_id) > (?, ?, ?, ?)", after.client_id,
              after.agent_id, after.name, after.id);
  }
  if (!filter.taken_back) where.add("u.reason_code <> 'update.rolled_back'");
  if (filter.approvable)
    where.add(std::string("a.mode = 'act' AND a.identity_state = 'active' AND u.blocked_by = '' AND ") +
              kHasUpdaterSql);
  const std::string sql =
      "SELECT u.update_id, u.client_id, a.site_id, u.agent_id, a.hostname, u.manager, u.key, u.name, u.arch, "
      "u.candidate_version, u.category, u.severity, u.ignored_by, u.state, u.published_at, u.first_seen_at "
      "FROM updates u JOIN agents a USING (client_id, agent_id)" +
      where.sql() + " ORDER BY u.client_id, u.agent_id, u.name, u.update_id";
  std::vector<UpdateRow> all;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    UpdateRow& row = all.emplace_back();
    for (std::string* field :
         {&row.id, &row.client_id, &row.site_id, &row.agent_id, &row.hostname, &row.manager, &row.key,
          &row.name, &row.arch, &row.candidate_version, &row.category, &row.severity, &row.ignored_by}) {
      *field = rows.text();
    }
    row.state = updateState(rows.text()).value();
    row.published_at = rows.integer();
    row.first_seen_at = rows.integer();
  }
  return all;
}

UpdateTotals SqlUpdates::totals(const http::Visible& visible) const {
  const auto whereOf = [&](const std::string& states) {
    Conditions where;
    restrictByAgent(where, visible, "u");
    where.add(states);
    return where;
  };
  UpdateTotals totals;
  const Conditions open = whereOf(notClosedSql("u"));
  // In the order of the index that has what is open, so that nothing is sorted.
  const std::string of_open =
      "SELECT u.state, u.category = 'security', u.severity, u.blocked_by = '', COUNT(*) FROM updates u" +
      open.sql() +
      " GROUP BY u.manager, u.name, u.arch, u.candidate_version, u.state, u.installed_version, u.category, "
      "u.severity, u.blocked_by";
  for (auto rows = db_.queryValues(of_open, open.values()); rows.next();)
    addOpen(totals, rows);
  const Conditions closed =
      whereOf("u.state <> 'available' AND u.state IN ('verified', 'superseded', 'resolved_elsewhere')");
  const std::string of_closed =
      "SELECT u.state, COUNT(*) FROM updates u" + closed.sql() + " GROUP BY u.state";
  for (auto rows = db_.queryValues(of_closed, closed.values()); rows.next();) {
    const UpdateState state = updateState(rows.text()).value();
    totals.by_state[state] = rows.integer();
  }
  return totals;
}

}  // namespace redflag::store::sql
