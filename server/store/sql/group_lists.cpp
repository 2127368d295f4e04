#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "store/sql/select.h"
#include "store/sql/update_conditions.h"
#include "store/sql/updates.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kShownVersions = 20;
constexpr const char* kGroupKey = "u.manager, u.name, u.arch, u.candidate_version";

// A group while its pieces are read: those of one state, installed version and kind.
struct GroupSoFar {
  UpdateGroup group;
  std::int64_t urgency = 0;
  bool counted = false;  // it has more than ignored rows
  std::set<std::string> versions;
};

// Worst first: the order of the list.
auto placeOf(const GroupSoFar& one) {
  const UpdateGroupKey& key = one.group.key;
  return std::tie(one.urgency, key.name, key.arch, key.manager, key.candidate_version);
}

// A version that is a security update on one machine is one in the whole group, as severe as anywhere.
void addKind(GroupSoFar& one, const std::string& category, const std::string& severity,
             std::int64_t urgency) {
  static constexpr const char* kSeverityOfUrgency[] = {"critical", "high", "unknown", "medium", "low"};
  UpdateGroup& group = one.group;
  const bool first = !one.counted;
  one.urgency = first ? urgency : std::min(one.urgency, urgency);
  if (one.urgency < static_cast<std::int64_t>(std::size(kSeverityOfUrgency))) {
    group.category = "security";
    group.severity = kSeverityOfUrgency[one.urgency];
  } else {
    group.category = first ? category : std::min(group.category, category);
    group.severity = first ? severity : std::min(group.severity, severity);
  }
}

void addPiece(GroupSoFar& one, Rows& rows, bool ignored_aside) {
  const std::string state = rows.text();
  const std::string installed_version = rows.text();
  const std::string category = rows.text();
  const std::string severity = rows.text();
  const std::int64_t urgency = rows.integer();
  const bool installable = rows.boolean();
  const std::int64_t count = rows.integer();
  const std::int64_t first_seen_at = rows.integer();
  one.group.states[state] += count;
  if (ignored_aside && state == name(UpdateState::kIgnored)) return;
  addKind(one, category, severity, urgency);
  one.group.first_seen_at = one.counted ? std::min(one.group.first_seen_at, first_seen_at) : first_seen_at;
  one.counted = true;
  if (installable) one.group.installable += count;
  if (one.versions.size() < kShownVersions) one.versions.insert(installed_version);
}

// Every group of the fleet: there are not many, however many machines there are.
std::vector<GroupSoFar> groupsOf(Connection& db, const UpdateFilter& filter, const http::Visible& visible) {
  // Beside what is open: on how many machines it is ignored.
  UpdateFilter shown = filter;
  shown.ignored_too = true;
  const Conditions where = updateConditions(shown, visible);
  const std::string sql =
      std::string("SELECT ") + kGroupKey + ", u.state, u.installed_version, u.category, u.severity, " +
      kUrgencySql + ", u.blocked_by = '', COUNT(*), MIN(u.first_seen_at) FROM updates u" + where.sql() +
      " GROUP BY " + kGroupKey + ", u.state, u.installed_version, u.category, u.severity, u.blocked_by";
  std::map<UpdateGroupKey, GroupSoFar> by_key;
  for (auto rows = db.queryValues(sql, where.values()); rows.next();) {
    UpdateGroupKey key{rows.text(), rows.text(), rows.text(), rows.text()};
    addPiece(by_key[std::move(key)], rows, filter.states.empty());
  }
  std::vector<GroupSoFar> groups;
  for (auto& [key, one] : by_key) {
    if (!one.counted) continue;
    one.group.key = key;
    one.group.installed_versions.assign(one.versions.begin(), one.versions.end());
    groups.push_back(std::move(one));
  }
  std::sort(groups.begin(), groups.end(),
            [](const GroupSoFar& a, const GroupSoFar& b) { return placeOf(a) < placeOf(b); });
  return groups;
}

GroupSoFar fromCursor(const std::string& cursor) {
  const Json keys = decodeCursor(cursor, "itttt");
  GroupSoFar last;
  last.urgency = keys[0].get<std::int64_t>();
  last.group.key = {keys[3].get<std::string>(), keys[1].get<std::string>(), keys[2].get<std::string>(),
                    keys[4].get<std::string>()};
  return last;
}

std::string cursorOf(const UpdateGroupKey& key, std::int64_t urgency) {
  return encodeCursor(Json::array({urgency, key.name, key.arch, key.manager, key.candidate_version}));
}

// Only for the groups that are shown, and for all of them at once.
void addMachines(Connection& db, const UpdateFilter& filter, const http::Visible& visible,
                 std::vector<UpdateGroup>& groups) {
  if (groups.empty()) return;
  Conditions members = updateConditions(filter, visible);
  std::map<UpdateGroupKey, UpdateGroup*> by_key;
  std::vector<std::string> keys;
  for (UpdateGroup& group : groups) {
    by_key[group.key] = &group;
    for (const auto& part : {group.key.manager, group.key.name, group.key.arch, group.key.candidate_version})
      keys.push_back(part);
  }
  members.in(std::string("(") + kGroupKey + ")", 4, keys);
  // Who can install something is found once, not for each row.
  const std::string sql =
      std::string(
          "WITH acting AS MATERIALIZED (SELECT p.client_id, p.agent_id, p.plugin FROM agent_plugins p JOIN "
          "agents a USING (client_id, agent_id) WHERE a.mode = 'act' AND p.is_updater = 1 AND p.state = "
          "'ok') "
          "SELECT ") +
      kGroupKey +
      ", COUNT(DISTINCT u.agent_id), COUNT(DISTINCT u.client_id), COUNT(x.plugin) FILTER (WHERE u.state IN "
      "('available', 'failed', 'cleared') AND u.blocked_by = '') FROM updates u LEFT JOIN acting x ON "
      "x.client_id = u.client_id AND x.agent_id = u.agent_id AND x.plugin = u.manager" +
      members.sql() + " GROUP BY " + kGroupKey;
  for (auto rows = db.queryValues(sql, members.values()); rows.next();) {
    UpdateGroup& group = *by_key.at({rows.text(), rows.text(), rows.text(), rows.text()});
    group.agents = rows.integer();
    group.clients = rows.integer();
    group.approvable = rows.integer();
  }
}

// Of any of its rows that may be seen.
void addOrigins(Connection& db, const http::Visible& visible, std::vector<UpdateGroup>& groups) {
  for (UpdateGroup& group : groups) {
    Conditions where;
    restrictByAgent(where, visible, "u");
    where.add("u.manager = ? AND u.name = ? AND u.arch = ? AND u.candidate_version = ?", group.key.manager,
              group.key.name, group.key.arch, group.key.candidate_version);
    const std::string sql = "SELECT u.origin FROM updates u" + where.sql() + " LIMIT 1";
    auto rows = db.queryValues(sql, where.values());
    if (rows.next()) group.origin = rows.text();
  }
}

}  // namespace

Page<UpdateGroup> SqlUpdates::groups(const UpdateFilter& filter, const http::Visible& visible,
                                     const PageRequest& page) const {
  const auto all = groupsOf(db_, filter, visible);
  auto next = all.begin();
  if (!page.cursor.empty()) {
    const GroupSoFar last = fromCursor(page.cursor);
    next = std::upper_bound(all.begin(), all.end(), last,
                            [](const GroupSoFar& a, const GroupSoFar& b) { return placeOf(a) < placeOf(b); });
  }
  Page<UpdateGroup> answer;
  answer.total = static_cast<std::int64_t>(all.size());
  for (; next != all.end() && answer.items.size() < page.limit; ++next)
    answer.items.push_back(next->group);
  if (next != all.end() && next != all.begin())
    answer.next_cursor = cursorOf(std::prev(next)->group.key, std::prev(next)->urgency);
  addMachines(db_, filter, visible, answer.items);
  addOrigins(db_, visible, answer.items);
  return answer;
}

}  // namespace redflag::store::sql
