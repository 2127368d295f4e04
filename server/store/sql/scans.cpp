#include "store/sql/scans.h"

#include <algorithm>
#include <cstddef>

namespace redflag::store::sql {
namespace {

std::string scopesText(const std::vector<ScopeStatus>& scopes) {
  Json list = Json::array();
  for (const auto& scope : scopes)
    list.push_back({{"key", scope.key}, {"status", scope.status}});
  return dumpJson(list);
}

}  // namespace

bool SqlScans::takeItem(const AgentKey& agent, const std::string& item_id, std::int64_t now) {
  return db_.execute(
             "INSERT INTO upload_items (client_id, agent_id, item_id, received_at) VALUES (?, ?, ?, ?) "
             "ON CONFLICT DO NOTHING",
             agent.client_id, agent.agent_id, item_id, now) > 0;
}

bool SqlScans::knowsItem(const AgentKey& agent, const std::string& item_id) const {
  auto rows = db_.query("SELECT 1 FROM upload_items WHERE client_id = ? AND agent_id = ? AND item_id = ?",
                        agent.client_id, agent.agent_id, item_id);
  return rows.next();
}

std::int64_t SqlScans::keepPart(const AgentKey& agent, const ItemPart& part, std::int64_t now) {
  std::int64_t here = 0;
  {
    auto rows = db_.query(
        "SELECT COUNT(*) FROM upload_parts WHERE client_id = ? AND agent_id = ? AND item_id = ? AND parts = "
        "?",
        agent.client_id, agent.agent_id, part.item_id, part.parts);
    rows.next();
    here = rows.integer();
  }
  if (part.part != here) return here;
  if (here == 0) dropParts(agent);
  db_.execute(
      "INSERT INTO upload_parts (client_id, agent_id, item_id, part, parts, received_at, bytes, text) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      agent.client_id, agent.agent_id, part.item_id, part.part, part.parts, now,
      static_cast<std::int64_t>(part.text.size()), part.text);
  return here + 1;
}

std::size_t SqlScans::bytesOfParts(const AgentKey& agent) const {
  auto rows = db_.query(
      "SELECT COALESCE(CAST(SUM(bytes) AS BIGINT), 0) FROM upload_parts WHERE client_id = ? AND agent_id = ?",
      agent.client_id, agent.agent_id);
  rows.next();
  return static_cast<std::size_t>(rows.integer());
}

std::string SqlScans::textOfParts(const AgentKey& agent, const std::string& item_id) const {
  std::string text;
  auto rows = db_.query(
      "SELECT text FROM upload_parts WHERE client_id = ? AND agent_id = ? AND item_id = ? ORDER BY part",
      agent.client_id, agent.agent_id, item_id);
  while (rows.next())
    text += rows.text();
  return text;
}

void SqlScans::dropParts(const AgentKey& agent) {
  db_.execute("DELETE FROM upload_parts WHERE client_id = ? AND agent_id = ?", agent.client_id,
              agent.agent_id);
}

void SqlScans::add(const AgentKey& agent, const Scan& scan) {
  db_.post(
      "INSERT INTO scans (client_id, agent_id, plugin, received_at, scan_id, plugin_version, interface, "
      "purpose, trigger, "
      "command_id, boot_id, started_at, duration_ms, status, complete, scopes, reports) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      agent.client_id, agent.agent_id, scan.plugin, scan.received_at, scan.id, scan.plugin_version,
      scan.interface_id, scan.purpose, scan.trigger, scan.command_id, scan.boot_id, scan.started_at,
      scan.duration_ms, scan.status, scan.complete, scopesText(scan.scopes), dumpJson(scan.reports));
}

std::vector<ScopePicture> SqlScans::pictures(const AgentKey& agent, const std::string& plugin,
                                             const std::string& purpose_class) const {
  std::vector<ScopePicture> pictures;
  auto rows = db_.query(
      "SELECT scope, digest, status, started_at, boot_id FROM scan_scopes "
      "WHERE client_id = ? AND agent_id = ? AND plugin = ? AND purpose_class = ?",
      agent.client_id, agent.agent_id, plugin, purpose_class);
  while (rows.next())
    pictures.push_back({rows.text(), rows.text(), rows.text(), rows.integer(), rows.text()});
  return pictures;
}

void SqlScans::setPicture(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                          const ScopePicture& picture) {
  db_.post(
      "INSERT INTO scan_scopes (client_id, agent_id, plugin, purpose_class, scope, digest, status, "
      "started_at, boot_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id, agent_id, plugin, purpose_class, scope) DO "
      "UPDATE SET "
      "digest = excluded.digest, status = excluded.status, started_at = excluded.started_at, boot_id = "
      "excluded.boot_id",
      agent.client_id, agent.agent_id, plugin, purpose_class, picture.scope, picture.digest, picture.status,
      picture.started_at, picture.boot_id);
}

void SqlScans::dropPicture(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                           const std::string& scope) {
  db_.post(
      "DELETE FROM scan_scopes WHERE client_id = ? AND agent_id = ? AND plugin = ? AND purpose_class = ? AND "
      "scope = ?",
      agent.client_id, agent.agent_id, plugin, purpose_class, scope);
}

std::string SqlScans::textDigest(const AgentKey& agent, const std::string& plugin,
                                 const std::string& purpose_class) const {
  auto rows = db_.query(
      "SELECT digest FROM scan_texts WHERE client_id = ? AND agent_id = ? AND plugin = ? AND purpose_class = "
      "?",
      agent.client_id, agent.agent_id, plugin, purpose_class);
  return rows.next() ? rows.text() : std::string();
}

void SqlScans::setTextDigest(const AgentKey& agent, const std::string& plugin,
                             const std::string& purpose_class, const std::string& digest) {
  db_.post(
      "INSERT INTO scan_texts (client_id, agent_id, plugin, purpose_class, digest) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (client_id, agent_id, plugin, purpose_class) DO UPDATE SET digest = excluded.digest",
      agent.client_id, agent.agent_id, plugin, purpose_class, digest);
}

void SqlScans::setFact(const AgentKey& agent, const FactSource& source, const Fact& fact, std::int64_t at) {
  db_.post(
      "INSERT INTO facts (client_id, agent_id, name, plugin, purpose_class, scope, value, at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id, agent_id, name) DO UPDATE SET "
      "plugin = excluded.plugin, purpose_class = excluded.purpose_class, scope = excluded.scope, "
      "value = excluded.value, at = excluded.at",
      agent.client_id, agent.agent_id, fact.name, source.plugin, source.purpose_class, source.scope,
      fact.value, at);
}

std::vector<std::pair<std::string, std::string>> SqlScans::factsOf(const AgentKey& agent,
                                                                   const std::string& plugin,
                                                                   const std::string& purpose_class) const {
  std::vector<std::pair<std::string, std::string>> facts;
  auto rows = db_.query(
      "SELECT name, scope FROM facts WHERE client_id = ? AND agent_id = ? AND plugin = ? AND purpose_class = "
      "?",
      agent.client_id, agent.agent_id, plugin, purpose_class);
  while (rows.next()) {
    auto name = rows.text();
    facts.emplace_back(std::move(name), rows.text());
  }
  return facts;
}

void SqlScans::dropFact(const AgentKey& agent, const std::string& name) {
  db_.post("DELETE FROM facts WHERE client_id = ? AND agent_id = ? AND name = ?", agent.client_id,
           agent.agent_id, name);
}

void SqlScans::trim(const AgentKey& agent, std::int64_t keep) {
  db_.post(
      "DELETE FROM facts WHERE client_id = ?1 AND agent_id = ?2 AND name NOT IN "
      "(SELECT name FROM facts WHERE client_id = ?1 AND agent_id = ?2 ORDER BY at DESC, name LIMIT ?3)",
      agent.client_id, agent.agent_id, keep);
}

// Counted first: the order of all is asked for only where there are too many.
void SqlScans::trimRecords(const AgentKey& agent, std::int64_t keep) {
  db_.post(
      "DELETE FROM records WHERE client_id = ?1 AND agent_id = ?2 AND (SELECT COUNT(*) FROM records WHERE "
      "client_id = ?1 AND agent_id = ?2) > ?3 AND (at, plugin, purpose_class, scope, kind, digest) <= "
      "(SELECT "
      "at, plugin, purpose_class, scope, kind, digest FROM records WHERE client_id = ?1 AND agent_id = ?2 "
      "ORDER BY at DESC, plugin DESC, purpose_class DESC, scope DESC, kind DESC, digest DESC LIMIT 1 OFFSET "
      "?3)",
      agent.client_id, agent.agent_id, keep);
}

std::vector<std::string> SqlScans::trimPlugins(const AgentKey& agent, std::size_t keep) {
  std::vector<std::string> plugins;
  {
    auto rows = db_.query(
        "SELECT plugin FROM scans WHERE client_id = ? AND agent_id = ? GROUP BY plugin ORDER BY "
        "MAX(received_at) DESC, plugin",
        agent.client_id, agent.agent_id);
    while (rows.next())
      plugins.push_back(rows.text());
  }
  plugins.erase(plugins.begin(),
                plugins.begin() + static_cast<std::ptrdiff_t>(std::min(keep, plugins.size())));
  for (const auto& plugin : plugins) {
    for (const char* sql : {"DELETE FROM scans WHERE client_id = ? AND agent_id = ? AND plugin = ?",
                            "DELETE FROM scan_scopes WHERE client_id = ? AND agent_id = ? AND plugin = ?",
                            "DELETE FROM scan_texts WHERE client_id = ? AND agent_id = ? AND plugin = ?",
                            "DELETE FROM records WHERE client_id = ? AND agent_id = ? AND plugin = ?"})
      db_.post(sql, agent.client_id, agent.agent_id, plugin);
  }
  return plugins;
}

void SqlScans::setRecords(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                          const std::string& scope, bool complete, const std::vector<StoredRecord>& records,
                          std::int64_t at, const std::string& kept_kind) {
  if (complete) {
    db_.post(
        "DELETE FROM records WHERE client_id = ? AND agent_id = ? AND plugin = ? AND purpose_class = ? AND "
        "scope = ? AND kind <> ?",
        agent.client_id, agent.agent_id, plugin, purpose_class, scope, kept_kind);
  }
  for (const StoredRecord& record : records) {
    db_.post(
        "INSERT INTO records (client_id, agent_id, plugin, purpose_class, scope, kind, digest, body, at, "
        "label) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (client_id, agent_id, plugin, purpose_class, scope, kind, digest) DO UPDATE SET at = "
        "excluded.at, label = excluded.label",
        agent.client_id, agent.agent_id, plugin, purpose_class, scope, record.kind, record.digest,
        record.body, at, record.label);
  }
}

bool SqlScans::prune(std::int64_t before, std::int64_t items_before, int limit) {
  const int scans = db_.execute(
      "DELETE FROM scans WHERE (client_id, agent_id, plugin, received_at, scan_id) IN "
      "(SELECT s.client_id, s.agent_id, s.plugin, s.received_at, s.scan_id FROM scans s WHERE s.received_at "
      "< ? AND EXISTS "
      " (SELECT 1 FROM scans n WHERE n.client_id = s.client_id AND n.agent_id = s.agent_id AND n.plugin = "
      "s.plugin "
      "  AND n.received_at > s.received_at) LIMIT ?)",
      before, limit);
  const int items = db_.execute(
      "DELETE FROM upload_items WHERE (client_id, agent_id, item_id) IN "
      "(SELECT client_id, agent_id, item_id FROM upload_items WHERE received_at < ? LIMIT ?)",
      items_before, limit);
  const int updates = db_.execute(
      "DELETE FROM updates WHERE update_id IN (SELECT update_id FROM updates "
      "WHERE state <> 'available' AND state IN ('verified', 'superseded', 'resolved_elsewhere') AND "
      "state_since < ? LIMIT ?)",
      before, limit);
  return scans == limit || items == limit || updates == limit;
}

// Never the first parts alone: those that are left are counted, and the next one has to fit behind them.
bool SqlScans::pruneParts(std::int64_t before, int limit) {
  return db_.execute(
             "DELETE FROM upload_parts WHERE (client_id, agent_id, item_id) IN (SELECT DISTINCT p.client_id, "
             "p.agent_id, p.item_id FROM upload_parts p WHERE p.received_at < ?1 AND NOT EXISTS (SELECT 1 "
             "FROM upload_parts n WHERE n.client_id = p.client_id AND n.agent_id = p.agent_id AND n.item_id "
             "= p.item_id AND n.received_at >= ?1) LIMIT ?2)",
             before, limit) >= limit;
}

}  // namespace redflag::store::sql
