#include "store/sql/groups.h"

#include <fmt/format.h>

#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

std::vector<AgentGroup> SqlGroups::list(const http::Visible& visible) const {
  Conditions where;
  restrict(where, visible, "g.client_id", "a.site_id");
  return groupsWhere(where);
}

std::optional<AgentGroup> SqlGroups::find(const std::string& group_id, const http::Visible& visible) const {
  Conditions where;
  where.add("g.group_id = ?", group_id);
  restrict(where, visible, "g.client_id", "a.site_id");
  auto found = groupsWhere(where);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::map<std::string, std::string> SqlGroups::named(const std::string& client_id) const {
  std::map<std::string, std::string> ids;
  auto rows = db_.query("SELECT name, group_id FROM agent_groups WHERE client_id = ?", client_id);
  while (rows.next()) {
    std::string name = rows.text();
    ids[std::move(name)] = rows.text();
  }
  return ids;
}

std::vector<AgentGroup> SqlGroups::groupsWhere(const Conditions& where) const {
  const std::string sql =
      "SELECT g.group_id, g.client_id, c.name, g.name, g.created_by, g.changed_by, COUNT(a.agent_id), "
      "g.created_at, g.changed_at FROM agent_groups g JOIN clients c ON c.client_id = g.client_id LEFT JOIN "
      "agent_group_members m ON m.client_id = g.client_id AND m.group_id = g.group_id LEFT JOIN agents a ON "
      "a.client_id = m.client_id AND a.agent_id = m.agent_id" +
      where.sql() +
      " GROUP BY g.group_id, g.client_id, c.name, g.name, g.created_by, g.changed_by, g.created_at, "
      "g.changed_at ORDER BY c.name, g.name, g.group_id";
  std::vector<AgentGroup> groups;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    AgentGroup& group = groups.emplace_back();
    for (std::string* field :
         {&group.id, &group.client_id, &group.client_name, &group.name, &group.created_by, &group.changed_by})
      *field = rows.text();
    for (std::int64_t* field : {&group.agents, &group.created_at, &group.changed_at})
      *field = rows.integer();
  }
  return groups;
}

std::vector<GroupMember> SqlGroups::members(const AgentGroup& group, const http::Visible& visible) const {
  Conditions where;
  where.add("m.client_id = ? AND m.group_id = ?", group.client_id, group.id);
  restrict(where, visible, "a.client_id", "a.site_id");
  const std::string sql =
      "SELECT a.agent_id, a.hostname, s.site_id, s.name FROM agent_group_members m JOIN agents a ON "
      "a.client_id = m.client_id AND a.agent_id = m.agent_id JOIN sites s ON s.client_id = a.client_id AND "
      "s.site_id = a.site_id" +
      where.sql() + " ORDER BY a.hostname, a.agent_id";
  std::vector<GroupMember> members;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    GroupMember& member = members.emplace_back();
    for (std::string* field : {&member.agent_id, &member.hostname, &member.site_id, &member.site_name})
      *field = rows.text();
  }
  return members;
}

std::vector<Named> SqlGroups::of(const std::string& client_id, const std::string& agent_id) const {
  auto rows = db_.query(
      "SELECT g.group_id, g.name FROM agent_group_members m JOIN agent_groups g ON g.client_id = m.client_id "
      "AND g.group_id = m.group_id WHERE m.client_id = ? AND m.agent_id = ? ORDER BY g.name",
      client_id, agent_id);
  std::vector<Named> groups;
  while (rows.next()) {
    Named& group = groups.emplace_back();
    group.id = rows.text();
    group.name = rows.text();
  }
  return groups;
}

std::map<std::string, std::set<std::string>> SqlGroups::among(const Machines& machines) const {
  ValueRows keys;
  for (const auto& [client_id, agent_id] : machines)
    keys.add(client_id, agent_id);
  std::map<std::string, std::set<std::string>> found;
  keys.each("WITH v (client, agent) AS (VALUES ",
            ") SELECT m.group_id, m.agent_id FROM v CROSS JOIN agent_group_members m WHERE m.client_id = "
            "v.client AND m.agent_id = v.agent",
            {}, [&](std::string_view sql, const std::vector<Value>& values) {
              for (auto rows = db_.queryValues(sql, values); rows.next();) {
                const std::string group_id = rows.text();
                found[group_id].insert(rows.text());
              }
            });
  return found;
}

void SqlGroups::add(const AgentGroup& group) {
  db_.post(
      "INSERT INTO agent_groups (client_id, group_id, name, created_at, created_by, changed_at, changed_by) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      group.client_id, group.id, group.name, group.created_at, group.created_by, group.changed_at,
      group.changed_by);
}

void SqlGroups::change(const AgentGroup& group) {
  db_.post(
      "UPDATE agent_groups SET name = ?, changed_at = ?, changed_by = ? WHERE client_id = ? AND group_id = ?",
      group.name, group.changed_at, group.changed_by, group.client_id, group.id);
}

void SqlGroups::remove(const AgentGroup& group) {
  for (const char* table : {"maintenance_windows", "profiles", "approval_policies"})
    db_.post(fmt::format("DELETE FROM {} WHERE client_id = ? AND group_id = ?", table), group.client_id,
             group.id);
  db_.post("DELETE FROM agent_group_members WHERE client_id = ? AND group_id = ?", group.client_id, group.id);
  db_.post("DELETE FROM agent_groups WHERE client_id = ? AND group_id = ?", group.client_id, group.id);
}

void SqlGroups::setMembers(const AgentGroup& group, const std::vector<std::string>& agent_ids) {
  db_.post("DELETE FROM agent_group_members WHERE client_id = ? AND group_id = ?", group.client_id, group.id);
  ValueRows rows;
  for (const auto& agent_id : agent_ids)
    rows.add(group.client_id, group.id, agent_id);
  rows.post(db_, "INSERT INTO agent_group_members (client_id, group_id, agent_id) VALUES ");
}

}  // namespace redflag::store::sql
