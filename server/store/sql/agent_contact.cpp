#include "store/sql/agents.h"

#include <algorithm>
#include <cstddef>

namespace redflag::store::sql {
namespace {

constexpr std::size_t kPortion = 16;

// One alone, or as many: of any number of agents come two statements for an engine to know again.
std::vector<std::vector<std::string>> portionsOf(const std::vector<std::string>& agent_ids) {
  std::vector<std::vector<std::string>> portions;
  for (std::size_t begin = 0; begin < agent_ids.size(); begin += kPortion) {
    const auto first = agent_ids.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = std::min(agent_ids.size() - begin, kPortion);
    auto& portion = portions.emplace_back(first, first + static_cast<std::ptrdiff_t>(count));
    if (count > 1) portion.resize(kPortion, portion.back());
  }
  return portions;
}

std::vector<Value> behind(std::vector<Value> first, const Conditions& where) {
  first.insert(first.end(), where.values().begin(), where.values().end());
  return first;
}

}  // namespace

void SqlAgents::touch(const AgentKey& agent, std::int64_t now) {
  db_.post("UPDATE agents SET last_seen_at = ? WHERE client_id = ? AND agent_id = ?", now, agent.client_id,
           agent.agent_id);
}

void SqlAgents::seenByNow(std::int64_t now) {
  db_.post(
      "UPDATE agents SET last_seen_at = ?1, silence_told = CASE WHEN silence_told = last_seen_at THEN ?1 "
      "ELSE "
      "silence_told END WHERE last_seen_at > ?1",
      now);
}

void SqlAgents::touchAll(const std::vector<std::string>& agent_ids, std::int64_t now) {
  for (const auto& ids : portionsOf(agent_ids)) {
    Conditions where;
    where.in("agent_id", ids);
    db_.postAll("UPDATE agents SET last_seen_at = ?" + where.sql(), behind({now}, where));
  }
}

std::vector<AgentOfClient> SqlAgents::setDoorbells(const std::vector<std::string>& agent_ids,
                                                   const std::string& server_id, bool connected,
                                                   std::int64_t now) {
  const std::string set = connected ? "doorbell = 1, doorbell_server = ?, last_seen_at = ?"
                                    : "doorbell = 0, doorbell_server = '', last_seen_at = ?";
  std::vector<AgentOfClient> changed;
  for (const auto& ids : portionsOf(agent_ids)) {
    Conditions where;
    where.in("agent_id", ids);
    if (!connected) where.add("doorbell_server = ?", server_id);
    const auto values = connected ? behind({std::string_view(server_id), now}, where) : behind({now}, where);
    const std::string sql = "UPDATE agents SET " + set + where.sql() + " RETURNING agent_id, client_id";
    for (auto rows = db_.queryValues(sql, values); rows.next();) {
      AgentOfClient& agent = changed.emplace_back();
      agent.agent_id = rows.text();
      agent.client_id = rows.text();
    }
  }
  return changed;
}

std::set<std::string> SqlAgents::withoutDoorbell() const {
  std::set<std::string> ids;
  auto rows = db_.query("SELECT agent_id FROM agents WHERE doorbell = 0");
  while (rows.next())
    ids.insert(rows.text());
  return ids;
}

std::vector<LivingServer> SqlAgents::servers() const {
  std::vector<LivingServer> servers;
  auto rows = db_.query("SELECT server_id, renewed_at FROM servers");
  while (rows.next())
    servers.push_back({rows.text(), rows.integer()});
  return servers;
}

bool SqlAgents::renewServer(const LivingServer& server) {
  if (db_.execute("UPDATE servers SET renewed_at = ? WHERE server_id = ?", server.renewed_at,
                  server.server_id) > 0)
    return true;
  db_.post("INSERT INTO servers (server_id, renewed_at) VALUES (?, ?)", server.server_id, server.renewed_at);
  return false;
}

void SqlAgents::forgetServer(const LivingServer& server) {
  if (db_.execute("DELETE FROM servers WHERE server_id = ? AND renewed_at = ?", server.server_id,
                  server.renewed_at) == 0)
    return;
  db_.post(
      "UPDATE agents SET doorbell = 0, doorbell_server = '', last_seen_at = CASE WHEN last_seen_at < ?1 THEN "
      "?1 ELSE last_seen_at END WHERE doorbell = 1 AND doorbell_server = ?2",
      server.renewed_at, server.server_id);
}

void SqlAgents::clearStrayDoorbells() {
  db_.post(
      "UPDATE agents SET doorbell = 0, doorbell_server = '' WHERE doorbell = 1 AND doorbell_server NOT IN "
      "(SELECT server_id FROM servers)");
}

bool SqlAgents::hasUntoldSilence(std::int64_t until) const {
  return db_
      .query(
          "SELECT 1 FROM agents WHERE doorbell = 0 AND silence_told <> last_seen_at AND identity_state <> "
          "'revoked' AND last_seen_at <= ? LIMIT 1",
          until)
      .next();
}

std::vector<AgentKey> SqlAgents::takeUntoldSilence(std::int64_t until, int limit) {
  std::vector<AgentKey> agents;
  auto rows = db_.query(
      "UPDATE agents SET silence_told = last_seen_at WHERE agent_id IN (SELECT agent_id FROM agents WHERE "
      "doorbell = 0 AND silence_told <> last_seen_at AND identity_state <> 'revoked' AND last_seen_at <= ? "
      "ORDER BY last_seen_at LIMIT ?) RETURNING agent_id, client_id, site_id, public_key",
      until, limit);
  while (rows.next())
    agents.push_back({rows.text(), rows.text(), rows.text(), rows.blob()});
  return agents;
}

}  // namespace redflag::store::sql
