#include "store/sql/agents.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

std::vector<Client> SqlAgents::clients(const http::Visible& visible) const {
  Conditions where;
  restrict(where, visible, "c.client_id", "s.site_id");
  std::vector<Client> clients;
  const std::string sql =
      "SELECT c.client_id, c.name, s.site_id, s.name, (SELECT COUNT(*) FROM agents a WHERE a.site_id = "
      "s.site_id), s.time_zone FROM clients c LEFT JOIN sites s ON s.client_id = c.client_id" +
      where.sql() + " ORDER BY c.name, c.client_id, s.name, s.site_id";
  auto rows = db_.queryValues(sql, where.values());
  while (rows.next()) {
    const std::string id = rows.text();
    const std::string name = rows.text();
    if (clients.empty() || clients.back().id != id) clients.push_back({id, name, {}});
    Place site{rows.text(), rows.text(), rows.integer(), rows.text()};
    if (!site.id.empty()) clients.back().sites.push_back(std::move(site));
  }
  return clients;
}

void SqlAgents::addClient(const Client& client, std::int64_t now) {
  db_.post("INSERT INTO clients (client_id, name, created_at) VALUES (?, ?, ?)", client.id, client.name, now);
  for (const Place& site : client.sites)
    addSite(client.id, site, now);
}

void SqlAgents::addSite(const std::string& client_id, const Place& site, std::int64_t now) {
  db_.post("INSERT INTO sites (client_id, site_id, name, time_zone, created_at) VALUES (?, ?, ?, ?, ?)",
           client_id, site.id, site.name, site.time_zone, now);
}

void SqlAgents::renameClient(const std::string& client_id, const std::string& name) {
  db_.post("UPDATE clients SET name = ? WHERE client_id = ?", name, client_id);
}

void SqlAgents::renameSite(const std::string& site_id, const std::string& name) {
  db_.post("UPDATE sites SET name = ? WHERE site_id = ?", name, site_id);
}

void SqlAgents::setTimeZone(const std::string& site_id, const std::string& time_zone) {
  db_.post("UPDATE sites SET time_zone = ? WHERE site_id = ?", time_zone, site_id);
}

PlaceContents SqlAgents::contents(const std::string& client_id, const std::string& site_id,
                                  std::int64_t now) const {
  const auto count = [&](const std::string& table, const std::string& more) {
    Conditions where;
    where.add("client_id = ?", client_id);
    if (!site_id.empty()) where.add("site_id = ?", site_id);
    if (!more.empty()) where.add(more, now);
    const std::string sql = "SELECT COUNT(*) FROM " + table + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    return rows.integer();
  };
  PlaceContents in;
  if (site_id.empty()) in.sites = count("sites", "");
  in.agents = count("agents", "");
  in.tokens = count("enrolment_tokens", "revoked_at = 0 AND expires_at > ?");
  in.grants = count("user_grants", "");
  in.schedules = count("schedules", "");
  return in;
}

void SqlAgents::removeClient(const std::string& client_id) {
  db_.post("DELETE FROM ignore_rules WHERE client_id = ?", client_id);
  db_.post("DELETE FROM approval_policies WHERE client_id = ?", client_id);
  db_.post("DELETE FROM maintenance_windows WHERE client_id = ?", client_id);
  db_.post("DELETE FROM window_notices WHERE client_id = ?", client_id);
  db_.post("DELETE FROM agent_groups WHERE client_id = ?", client_id);
  db_.post("DELETE FROM profiles WHERE client_id = ?", client_id);
  db_.post("DELETE FROM clients WHERE client_id = ?", client_id);
}

void SqlAgents::removeSite(const std::string& client_id, const std::string& site_id) {
  db_.post(
      "DELETE FROM enrolment_seats WHERE client_id = ? AND token_id IN (SELECT token_id FROM "
      "enrolment_tokens "
      "WHERE site_id = ?)",
      client_id, site_id);
  db_.post("DELETE FROM enrolment_tokens WHERE client_id = ? AND site_id = ?", client_id, site_id);
  db_.post("DELETE FROM ignore_rules WHERE client_id = ? AND site_id = ?", client_id, site_id);
  db_.post("DELETE FROM approval_policies WHERE client_id = ? AND site_id = ?", client_id, site_id);
  db_.post("DELETE FROM maintenance_windows WHERE client_id = ? AND site_id = ?", client_id, site_id);
  db_.post("DELETE FROM window_notices WHERE client_id = ? AND site_id = ?", client_id, site_id);
  db_.post("DELETE FROM profiles WHERE client_id = ? AND site_id = ?", client_id, site_id);
  db_.post("DELETE FROM sites WHERE client_id = ? AND site_id = ?", client_id, site_id);
}

void SqlAgents::move(const AgentKey& agent, const std::string& site_id) {
  db_.post("UPDATE agents SET site_id = ? WHERE client_id = ? AND agent_id = ?", site_id, agent.client_id,
           agent.agent_id);
}

}  // namespace redflag::store::sql
