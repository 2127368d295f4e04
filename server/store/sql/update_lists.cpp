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
  update.has_updater = rows.boolean();
  update.command_state = rows.text();
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
      "u.command_id, u.first_seen_at, " +
      kHasUpdaterSql +
      ", COALESCE((SELECT c.state FROM commands c WHERE c.command_id = u.command_id), ''), " + kUrgencySql +
      " AS urgency FROM (";
  return kColumns + chosen +
         ") chosen JOIN updates u USING (client_id, agent_id, update_id) JOIN agents a USING (client_id, "
         "agent_id) ORDER BY urgency, u.name, u.update_id";
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

UpdateTotals SqlUpdates::totals(const http::Visible& visible) const {
  Conditions where;
  restrictByAgent(where, visible, "u");
  const std::string sql =
      std::string("SELECT u.state, u.category = 'security', u.severity, u.blocked_by = '', ") + kOpenSql +
      ", COUNT(*) FROM updates u" + where.sql() + " GROUP BY 1, 2, 3, 4";
  UpdateTotals totals;
  auto rows = db_.queryValues(sql, where.values());
  while (rows.next()) {
    const UpdateState state = updateState(rows.text()).value();
    const bool security = rows.boolean();
    const std::string severity = rows.text();
    const bool installable = rows.boolean();
    const bool open = rows.boolean();
    const std::int64_t count = rows.integer();
    totals.by_state[state] += count;
    if (!open) continue;
    totals.available += count;
    if (installable) totals.installable += count;
    if (!security) continue;
    totals.security += count;
    totals.security_by_severity[severity] += count;
  }
  return totals;
}

}  // namespace redflag::store::sql
