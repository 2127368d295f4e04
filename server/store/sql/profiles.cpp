#include "store/sql/profiles.h"

#include <map>
#include <string_view>

#include "http/message.h"
#include "store/sql/agents.h"
#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kEveryAgent = 10'000'000;

Profile profileFrom(Rows& rows) {
  Profile profile;
  DecisionScope& scope = profile.scope;
  for (std::string* field :
       {&scope.client_id, &scope.site_id, &scope.group_id, &scope.agent_id, &scope.client_name,
        &scope.site_name, &scope.group_name, &scope.hostname, &profile.id, &profile.name, &profile.settings,
        &profile.created_by, &profile.changed_by, &profile.author_id}) {
    *field = rows.text();
  }
  profile.created_at = rows.integer();
  profile.changed_at = rows.integer();
  return profile;
}

AgentSettings settingsFrom(Rows& rows) {
  AgentSettings one;
  for (std::string* field :
       {&one.agent.client_id, &one.agent.site_id, &one.agent.agent_id, &one.agent.standing.state,
        &one.hostname, &one.client_name, &one.site_name, &one.connection, &one.report, &one.work.managed,
        &one.work.wish, &one.work.command_id, &one.work.author_id, &one.work.note}) {
    *field = rows.text();
  }
  for (std::int64_t* field :
       {&one.reported_at, &one.turn, &one.work.look_at, &one.work.ordered_at, &one.work.tries})
    *field = rows.integer();
  one.work.given_up = rows.boolean();
  return one;
}

void restrictTo(Conditions& where, const DecisionScope& scope, const std::string& alias) {
  if (!scope.client_id.empty()) where.add(alias + ".client_id = ?", scope.client_id);
  if (!scope.site_id.empty()) where.add("a.site_id = ?", scope.site_id);
  if (!scope.agent_id.empty()) where.add(alias + ".agent_id = ?", scope.agent_id);
  if (scope.group_id.empty()) return;
  where.add(alias +
                ".agent_id IN (SELECT m.agent_id FROM agent_group_members m WHERE m.client_id = ? AND "
                "m.group_id = ?)",
            scope.client_id, scope.group_id);
}

}  // namespace

std::vector<Profile> SqlProfiles::profilesWhere(const Conditions& where) const {
  const std::string sql =
      "SELECT d.client_id, d.site_id, d.group_id, d.agent_id, COALESCE(c.name, ''), COALESCE(s.name, ''), "
      "COALESCE(g.name, ''), COALESCE(a.hostname, ''), d.profile_id, d.name, d.settings, d.created_by, "
      "d.changed_by, d.author_id, d.created_at, d.changed_at FROM profiles d LEFT JOIN clients c ON "
      "c.client_id = d.client_id LEFT JOIN sites s ON s.site_id = d.site_id LEFT JOIN agent_groups g ON "
      "g.client_id = d.client_id AND g.group_id = d.group_id LEFT JOIN agents a ON a.client_id = "
      "d.client_id AND a.agent_id = d.agent_id" +
      where.sql() +
      " ORDER BY CASE WHEN d.client_id = '' THEN 0 WHEN d.agent_id <> '' THEN 4 WHEN d.group_id <> '' THEN 3 "
      "WHEN d.site_id <> '' THEN 2 ELSE 1 END, d.name, d.profile_id";
  std::vector<Profile> profiles;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();)
    profiles.push_back(profileFrom(rows));
  return profiles;
}

std::vector<Profile> SqlProfiles::list(const http::Visible& visible) const {
  Conditions where;
  restrictToHeardOrGrouped(where, visible);
  return profilesWhere(where);
}

std::optional<Profile> SqlProfiles::find(const std::string& profile_id, const http::Visible& visible) const {
  Conditions where;
  restrictToHeardOrGrouped(where, visible);
  where.add("d.profile_id = ?", profile_id);
  auto found = profilesWhere(where);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Profile> SqlProfiles::at(const std::string& client_id) const {
  Conditions where;
  where.add("d.client_id IN ('', ?)", client_id);
  return profilesWhere(where);
}

void SqlProfiles::add(const Profile& profile) {
  const int added = db_.execute(
      "INSERT INTO profiles (client_id, site_id, group_id, agent_id, profile_id, name, settings, created_at, "
      "created_by, changed_at, changed_by, author_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON "
      "CONFLICT "
      "(client_id, site_id, group_id, agent_id) DO NOTHING",
      profile.scope.client_id, profile.scope.site_id, profile.scope.group_id, profile.scope.agent_id,
      profile.id, profile.name, profile.settings, profile.created_at, profile.created_by, profile.changed_at,
      profile.changed_by, profile.author_id);
  if (added == 0)
    throw http::Problem{409, "profile.there_already", "this place has a profile already: change that one"};
}

void SqlProfiles::change(const Profile& profile) {
  db_.post(
      "UPDATE profiles SET name = ?, settings = ?, changed_at = ?, changed_by = ?, author_id = ? WHERE "
      "client_id = ? AND profile_id = ?",
      profile.name, profile.settings, profile.changed_at, profile.changed_by, profile.author_id,
      profile.scope.client_id, profile.id);
}

void SqlProfiles::remove(const Profile& profile) {
  db_.post("DELETE FROM profiles WHERE client_id = ? AND profile_id = ?", profile.scope.client_id,
           profile.id);
}

std::vector<AgentSettings> SqlProfiles::settingsWhere(const Conditions& where, const std::string& join,
                                                      const std::string& order, const Contact& contact,
                                                      std::size_t limit) const {
  const std::string sql =
      std::string(
          "SELECT a.client_id, a.site_id, a.agent_id, a.identity_state, a.hostname, c.name, s.name, ") +
      kConnectionSql +
      ", COALESCE(g.report, ''), COALESCE(g.managed, '[]'), COALESCE(g.wish, ''), COALESCE(g.command_id, "
      "''), COALESCE(g.author_id, ''), COALESCE(g.note, ''), COALESCE(g.reported_at, 0), COALESCE(g.turn, "
      "0), COALESCE(g.look_at, 0), "
      "COALESCE(g.ordered_at, 0), COALESCE(g.tries, 0), COALESCE(g.given_up, 0) FROM agents a JOIN clients c "
      "USING (client_id) JOIN sites s USING (client_id, site_id) " +
      join + " JOIN agent_settings g ON g.client_id = a.client_id AND g.agent_id = a.agent_id" + where.sql() +
      order + " LIMIT ?";
  std::vector<Value> values = {contactLimit(contact)};
  for (const Value& value : where.with(limit))
    values.push_back(value);
  std::vector<AgentSettings> found;
  for (auto rows = db_.queryValues(sql, values); rows.next();)
    found.push_back(settingsFrom(rows));
  addGroups(found);
  return found;
}

void SqlProfiles::addGroups(std::vector<AgentSettings>& agents) const {
  std::map<std::pair<std::string_view, std::string_view>, AgentSettings*> by_agent;
  ValueRows keys;
  for (AgentSettings& one : agents) {
    by_agent[{one.agent.client_id, one.agent.agent_id}] = &one;
    keys.add(one.agent.client_id, one.agent.agent_id);
  }
  keys.each("WITH v (client, agent) AS (VALUES ",
            ") SELECT m.client_id, m.agent_id, m.group_id FROM v CROSS JOIN agent_group_members m WHERE "
            "m.client_id = v.client AND m.agent_id = v.agent",
            {}, [&](std::string_view sql, const std::vector<Value>& values) {
              for (auto rows = db_.queryValues(sql, values); rows.next();) {
                const std::string client_id = rows.text();
                const std::string agent_id = rows.text();
                by_agent.at({client_id, agent_id})->group_ids.push_back(rows.text());
              }
            });
}

std::vector<AgentSettings> SqlProfiles::agents(const DecisionScope& scope, const http::Visible& visible,
                                               const Contact& contact) const {
  Conditions where;
  restrict(where, visible, "a.client_id", "a.site_id");
  restrictTo(where, scope, "a");
  where.add("a.identity_state <> 'revoked'");
  return settingsWhere(where, "LEFT", " ORDER BY lower(a.hostname), a.agent_id", contact, kEveryAgent);
}

void SqlProfiles::setReport(const AgentKey& agent, const std::string& report, std::int64_t now) {
  db_.post(
      "INSERT INTO agent_settings (client_id, agent_id, report, reported_at) VALUES (?, ?, ?, ?) ON CONFLICT "
      "(client_id, agent_id) DO UPDATE SET report = excluded.report, reported_at = excluded.reported_at, "
      "look_at = 0, turn = agent_settings.turn + 1 WHERE agent_settings.report <> excluded.report",
      agent.client_id, agent.agent_id, report, now);
}

void SqlProfiles::lookAgain(const DecisionScope& scope) {
  Conditions where;
  restrictTo(where, scope, "a");
  const std::string sql =
      "UPDATE agent_settings SET look_at = 0, turn = turn + 1, given_up = 0, tries = 0, note = '' WHERE "
      "(client_id, "
      "agent_id) IN (SELECT a.client_id, a.agent_id FROM agents a" +
      where.sql() + ")";
  db_.postAll(sql, where.values());
  db_.settle();
}

std::vector<AgentSettings> SqlProfiles::due(const Contact& contact, std::size_t limit) const {
  Conditions where;
  where.add("g.look_at <= ?", contact.now);
  where.add("a.identity_state = 'active'");
  where.add("a.last_seen_at > 0 AND (a.doorbell = 1 OR a.last_seen_at >= ?)", contactLimit(contact));
  return settingsWhere(where, "", " ORDER BY g.look_at, g.agent_id", contact, limit);
}

bool SqlProfiles::setWork(const AgentSettings& read, const SettingsWork& work) {
  return db_.execute(
             "UPDATE agent_settings SET look_at = ?, managed = ?, wish = ?, command_id = ?, author_id = ?, "
             "ordered_at = ?, tries = ?, given_up = ?, note = ?, turn = turn + 1 WHERE client_id = ? AND "
             "agent_id = ? AND turn = ?",
             work.look_at, work.managed, work.wish, work.command_id, work.author_id, work.ordered_at,
             work.tries, work.given_up, work.note, read.agent.client_id, read.agent.agent_id, read.turn) > 0;
}

}  // namespace redflag::store::sql
