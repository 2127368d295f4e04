#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "store/sql/counted_machines.h"
#include "store/sql/select.h"
#include "store/sql/update_conditions.h"
#include "store/sql/updates.h"
#include "store/sql/value_rows.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kShownVersions = 20;
constexpr const char* kPieceKey =
    "u.manager, u.name, u.arch, u.candidate_version, u.state, u.installed_version, u.category, u.severity";

// A group while its pieces are read: those of one state, installed version and kind.
struct GroupSoFar {
  UpdateGroup group;
  std::int64_t urgency = 0;
  bool counted = false;  // it has more than ignored rows
  std::string machine;   // any of its
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

// What an approval could be carried out for: services::notApprovable.
bool awaitsApproval(const std::string& state) {
  return state == name(UpdateState::kAvailable) || state == name(UpdateState::kFailed) ||
         state == name(UpdateState::kCleared);
}

void addPiece(GroupSoFar& one, Rows& rows, bool ignored_aside, CountedMachines& machines) {
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
  const std::string agent_ids = rows.text();
  one.machine = agent_ids.substr(0, agent_ids.find(','));
  const auto counts = machines.count(agent_ids, one.group.key.manager);
  one.group.agents += counts.agents;
  one.group.clients += counts.clients;
  if (installable && awaitsApproval(state)) one.group.approvable += counts.acting;
}

// Every group of the fleet: there are not many, however many machines there are. One pass over an index that
// has all of it: who counts machines in SQL sorts them for each group, which takes longer than all the rest.
std::vector<GroupSoFar> groupsOf(Connection& db, const UpdateFilter& filter, const http::Visible& visible) {
  // Beside what is open: on how many machines it is ignored.
  UpdateFilter shown = filter;
  shown.ignored_too = true;
  const Conditions where = updateConditions(shown, visible);
  // In all of the order of grouping: SQLite would sort what comes out of it by any other.
  const std::string sql = fmt::format(
      "SELECT {0}, {1}, u.blocked_by = '', COUNT(*), MIN(u.first_seen_at), {2}(u.agent_id, ',') FROM updates "
      "u{3} GROUP BY {0}, u.blocked_by ORDER BY {0}, u.blocked_by",
      kPieceKey, kUrgencySql, db.dialect().joined, where.sql());
  CountedMachines machines(db, visible);
  if (!db.dialect().by_index.empty()) db.post(db.dialect().by_index);
  std::vector<GroupSoFar> groups;
  for (auto rows = db.queryValues(sql, where.values()); rows.next();) {
    UpdateGroupKey key{rows.text(), rows.text(), rows.text(), rows.text()};
    if (groups.empty() || groups.back().group.key != key) {
      groups.emplace_back().group.key = std::move(key);
      machines.nextGroup();
    }
    addPiece(groups.back(), rows, filter.states.empty(), machines);
  }
  std::erase_if(groups, [](const GroupSoFar& one) { return !one.counted; });
  for (GroupSoFar& one : groups)
    one.group.installed_versions.assign(one.versions.begin(), one.versions.end());
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

// Each of what one of its machines says.
void addOrigins(Connection& db, const std::vector<std::string>& machines, std::vector<UpdateGroup>& groups) {
  ValueRows keys;
  std::map<UpdateGroupKey, UpdateGroup*> by_key;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const UpdateGroupKey& key = groups[i].key;
    keys.add(machines[i], key.manager, key.name, key.arch, key.candidate_version);
    by_key[key] = &groups[i];
  }
  keys.each("WITH v (agent, manager, name, arch, version) AS (VALUES ",
            ") SELECT v.manager, v.name, v.arch, v.version, MIN(u.origin) FROM v CROSS JOIN agents a CROSS "
            "JOIN updates u WHERE a.agent_id = v.agent AND u.client_id = a.client_id AND u.agent_id = "
            "a.agent_id AND u.manager = v.manager AND u.name = v.name AND u.arch = v.arch AND "
            "u.candidate_version = v.version GROUP BY v.manager, v.name, v.arch, v.version",
            {}, [&](std::string_view sql, const std::vector<Value>& values) {
              for (auto rows = db.queryValues(sql, values); rows.next();) {
                UpdateGroup& group = *by_key.at({rows.text(), rows.text(), rows.text(), rows.text()});
                group.origin = rows.text();
              }
            });
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
  std::vector<std::string> machines;
  for (; next != all.end() && answer.items.size() < page.limit; ++next) {
    answer.items.push_back(next->group);
    machines.push_back(next->machine);
  }
  if (next != all.end() && next != all.begin())
    answer.next_cursor = cursorOf(std::prev(next)->group.key, std::prev(next)->urgency);
  addOrigins(db_, machines, answer.items);
  return answer;
}

}  // namespace redflag::store::sql
