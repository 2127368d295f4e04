#include <map>

#include "store/sql/select.h"
#include "store/sql/update_conditions.h"
#include "store/sql/updates.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kShownVersions = 20;
constexpr const char* kOrder = "urgency, name, arch, manager, candidate_version";

std::string groupedSql(const Conditions& where) {
  return std::string("SELECT u.manager, u.name, u.arch, u.candidate_version, MIN(") + kUrgencySql +
         ") AS urgency, MAX(CASE WHEN u.category = 'security' THEN 1 ELSE 0 END) AS is_security, "
         "MIN(u.category) AS category, "
         "MIN(u.severity) AS severity, MIN(u.origin) AS origin, COUNT(DISTINCT u.agent_id) AS agents, "
         "COUNT(DISTINCT u.client_id) AS clients, COUNT(*) FILTER (WHERE u.blocked_by = '') AS installable, "
         "COUNT(*) FILTER (WHERE u.state IN ('available', 'failed') AND u.blocked_by = '' AND a.mode = 'act' "
         "AND " +
         kHasUpdaterSql +
         ") AS approvable, MIN(u.first_seen_at) AS first_seen_at "
         "FROM updates u JOIN agents a USING (client_id, agent_id)" +
         where.sql() + " GROUP BY u.manager, u.name, u.arch, u.candidate_version";
}

std::int64_t countGroups(Connection& db, const Conditions& where) {
  // Without what a group is made of: an index answers it.
  const std::string sql =
      "SELECT COUNT(*) FROM (SELECT DISTINCT u.manager, u.name, u.arch, u.candidate_version FROM updates u" +
      where.sql() + ") grouped";
  auto rows = db.queryValues(sql, where.values());
  rows.next();
  return rows.integer();
}

Conditions behind(const std::string& cursor) {
  Conditions where;
  if (cursor.empty()) return where;
  const Json keys = decodeCursor(cursor, "itttt");
  where.add(std::string("(") + kOrder + ") > (?, ?, ?, ?, ?)", keys[0].get<std::int64_t>(),
            keys[1].get<std::string>(), keys[2].get<std::string>(), keys[3].get<std::string>(),
            keys[4].get<std::string>());
  return where;
}

std::string cursorOf(const UpdateGroupKey& key, std::int64_t urgency) {
  return encodeCursor(Json::array({urgency, key.name, key.arch, key.manager, key.candidate_version}));
}

// A version that is a security update on one machine is one in the whole group, as severe as anywhere.
UpdateGroup groupFrom(Rows& rows, std::int64_t& urgency) {
  static constexpr const char* kSeverityOfUrgency[] = {"critical", "high", "unknown", "medium", "low"};
  UpdateGroup group;
  group.key = {rows.text(), rows.text(), rows.text(), rows.text()};
  urgency = rows.integer();
  const bool security = rows.boolean();
  group.category = rows.text();
  group.severity = rows.text();
  if (security) {
    group.category = "security";
    group.severity = kSeverityOfUrgency[urgency];
  }
  group.origin = rows.text();
  group.agents = rows.integer();
  group.clients = rows.integer();
  group.installable = rows.integer();
  group.approvable = rows.integer();
  group.first_seen_at = rows.integer();
  return group;
}

// Only for the groups that are shown, and for all of them at once.
void addMembers(Connection& db, const UpdateFilter& filter, const http::Visible& visible,
                std::vector<UpdateGroup>& groups) {
  if (groups.empty()) return;
  static const std::string kKey = "u.manager, u.name, u.arch, u.candidate_version";
  Conditions members = updateConditions(filter, visible);
  std::map<UpdateGroupKey, UpdateGroup*> by_key;
  std::vector<std::string> keys;
  for (UpdateGroup& group : groups) {
    by_key[group.key] = &group;
    for (const auto& part : {group.key.manager, group.key.name, group.key.arch, group.key.candidate_version})
      keys.push_back(part);
  }
  members.in("(" + kKey + ")", 4, keys);
  const auto groupOf = [&](Rows& rows) -> UpdateGroup& {
    return *by_key.at({rows.text(), rows.text(), rows.text(), rows.text()});
  };
  const std::string states = "SELECT " + kKey + ", u.state, COUNT(*) FROM updates u" + members.sql() +
                             " GROUP BY " + kKey + ", u.state";
  for (auto rows = db.queryValues(states, members.values()); rows.next();) {
    UpdateGroup& group = groupOf(rows);
    const std::string state = rows.text();
    group.states[state] = rows.integer();
  }
  const std::string versions = "SELECT DISTINCT " + kKey + ", u.installed_version FROM updates u" +
                               members.sql() + " ORDER BY u.installed_version";
  for (auto rows = db.queryValues(versions, members.values()); rows.next();) {
    UpdateGroup& group = groupOf(rows);
    if (group.installed_versions.size() < kShownVersions) group.installed_versions.push_back(rows.text());
  }
}

}  // namespace

Page<UpdateGroup> SqlUpdates::groups(const UpdateFilter& filter, const http::Visible& visible,
                                     const PageRequest& page) const {
  const Conditions where = updateConditions(filter, visible);
  const Conditions rest = behind(page.cursor);
  Page<UpdateGroup> answer;
  answer.total = countGroups(db_, where);
  const std::string sql =
      "SELECT manager, name, arch, candidate_version, urgency, is_security, category, severity, origin, "
      "agents, "
      "clients, installable, approvable, first_seen_at FROM (" +
      groupedSql(where) + ") grouped" + rest.sql() + " ORDER BY " + kOrder + " LIMIT ?";
  std::vector<Value> values = where.values();
  for (const Value& value : rest.with(page.limit + 1))
    values.push_back(value);
  std::int64_t urgency = 0;
  for (auto rows = db_.queryValues(sql, values); rows.next();) {
    if (answer.items.size() == page.limit) {
      answer.next_cursor = cursorOf(answer.items.back().key, urgency);
      break;
    }
    answer.items.push_back(groupFrom(rows, urgency));
  }
  addMembers(db_, filter, visible, answer.items);
  return answer;
}

}  // namespace redflag::store::sql
