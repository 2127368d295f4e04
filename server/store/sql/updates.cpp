#include "store/sql/updates.h"

#include "base/encoding.h"
#include "store/sql/select.h"
#include "store/sql/value_rows.h"

namespace redflag::store::sql {
namespace {

constexpr const char* kKnownColumns =
    "SELECT u.update_id, u.scope, u.manager, u.key, u.name, u.arch, u.candidate_version, "
    "u.installed_version, "
    "u.record_digest, u.listed, u.state, u.command_id, u.install_boot_id, u.reboot_required, u.needs_reboot, "
    "u.proof, u.ignored_by, u.proof_scan_id FROM "
    "updates u ";

KnownUpdate knownFrom(Rows& rows) {
  KnownUpdate update;
  for (std::string* field :
       {&update.id, &update.scope, &update.manager, &update.key, &update.name, &update.arch,
        &update.candidate_version, &update.installed_version, &update.digest}) {
    *field = rows.text();
  }
  update.listed = rows.boolean();
  update.state = updateState(rows.text()).value();
  update.command_id = rows.text();
  update.install_boot_id = rows.text();
  update.reboot_required = rows.boolean();
  update.needs_reboot = rows.optionalBoolean();
  update.proof = rows.text();
  update.ignored_by = rows.text();
  update.proof_scan_id = rows.text();
  return update;
}

// A column of which every value is unknown is a text to PostgreSQL, hence the cast.
constexpr const char* kMoveBefore =
    "WITH v (client, agent, id, from_state, to_state, code, reason, command, boot, reboot, scan, version, "
    "rule) AS (VALUES ";
constexpr const char* kMoveAfter =
    ") UPDATE updates SET state = v.to_state, state_since = CASE WHEN state = v.to_state THEN state_since "
    "ELSE ? END, reason_code = v.code, reason_text = v.reason, command_id = COALESCE(v.command, command_id), "
    "install_boot_id = COALESCE(v.boot, install_boot_id), reboot_required = COALESCE(CAST(v.reboot AS "
    "BIGINT), reboot_required), proof_scan_id = COALESCE(v.scan, proof_scan_id), proof_version = "
    "COALESCE(v.version, proof_version), proof = '', ignored_by = CASE WHEN v.to_state = 'ignored' THEN "
    "COALESCE(v.rule, ignored_by) ELSE '' END FROM v WHERE client_id = v.client AND agent_id = v.agent AND "
    "update_id = v.id AND state = v.from_state";

Value orNull(const std::optional<std::string>& text) {
  return text ? toValue(*text) : Value(nullptr);
}

}  // namespace

std::vector<KnownUpdate> SqlUpdates::known(const AgentKey& agent, const std::string& plugin) const {
  static const std::string kSql =
      std::string(kKnownColumns) + "WHERE u.client_id = ? AND u.agent_id = ? AND u.plugin = ?";
  std::vector<KnownUpdate> updates;
  auto rows = db_.query(kSql, agent.client_id, agent.agent_id, plugin);
  while (rows.next())
    updates.push_back(knownFrom(rows));
  return updates;
}

std::vector<KnownUpdate> SqlUpdates::ofCommand(const AgentKey& agent, const std::string& command_id) const {
  static const std::string kSql =
      std::string(kKnownColumns) +
      "JOIN command_updates l ON l.client_id = u.client_id AND l.update_id = u.update_id "
      "WHERE u.client_id = ? AND u.agent_id = ? AND l.command_id = ? ORDER BY u.update_id";
  std::vector<KnownUpdate> updates;
  auto rows = db_.query(kSql, agent.client_id, agent.agent_id, command_id);
  while (rows.next())
    updates.push_back(knownFrom(rows));
  return updates;
}

bool SqlUpdates::awaitsProof(const AgentKey& agent, const std::string& plugin) const {
  return db_
      .query(
          "SELECT 1 FROM updates WHERE client_id = ? AND agent_id = ? AND plugin = ? "
          "AND state IN ('installing', 'installed', 'awaiting_reboot') LIMIT 1",
          agent.client_id, agent.agent_id, plugin)
      .next();
}

std::vector<Rebooted> SqlUpdates::rebooted(const Rebooted& after, std::size_t limit) const {
  std::vector<Rebooted> all;
  auto rows = db_.query(
      "SELECT DISTINCT a.agent_id, a.client_id, a.site_id, a.public_key, u.plugin, a.boot_id "
      "FROM updates u JOIN agents a USING (client_id, agent_id) "
      "WHERE u.state = 'awaiting_reboot' AND u.state <> 'available' AND a.boot_id <> u.install_boot_id AND "
      "u.proof <> a.boot_id "
      "AND (a.client_id, a.agent_id, u.plugin) > (?, ?, ?) ORDER BY a.client_id, a.agent_id, u.plugin LIMIT "
      "?",
      after.agent.client_id, after.agent.agent_id, after.plugin, limit);
  while (rows.next()) {
    all.push_back({{rows.text(), rows.text(), rows.text(), rows.blob()}, rows.text(), rows.text()});
  }
  return all;
}

void SqlUpdates::markVerifyOrdered(const Rebooted& rebooted) {
  db_.post(
      "UPDATE updates SET proof = ? WHERE client_id = ? AND agent_id = ? AND plugin = ? AND state = "
      "'awaiting_reboot'",
      rebooted.boot_id, rebooted.agent.client_id, rebooted.agent.agent_id, rebooted.plugin);
}

std::string SqlUpdates::add(const AgentKey& agent, const std::string& plugin, const std::string& scope,
                            const UpdateRecord& record, const std::string& digest, std::int64_t now) {
  std::string id = newId();
  db_.post(
      "INSERT INTO updates (client_id, agent_id, update_id, plugin, scope, manager, key, name, arch, "
      "candidate_version, "
      "installed_version, channel, source_package, origin, category, severity, blocked_by, superseded_by, "
      "advisories, cves, "
      "published_at, download_bytes, installed_bytes, needs_reboot, record_digest, listed, state, "
      "state_since, "
      "first_seen_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'available', ?, "
      "?)",
      agent.client_id, agent.agent_id, id, plugin, scope, record.manager, record.key, record.name,
      record.arch, record.candidate_version, record.installed_version, record.channel, record.source_package,
      record.origin, record.category, record.severity, record.blocked_by, record.superseded_by,
      toJsonList(record.advisories), toJsonList(record.cves), record.published_at, record.download_bytes,
      record.installed_bytes, record.needs_reboot, digest, now, now);
  return id;
}

void SqlUpdates::refresh(const AgentKey& agent, const std::string& update_id, const std::string& scope,
                         const UpdateRecord& record, const std::string& digest) {
  db_.post(
      "UPDATE updates SET scope = ?, name = ?, arch = ?, installed_version = ?, channel = ?, source_package "
      "= ?, origin = ?, "
      "category = ?, severity = ?, blocked_by = ?, superseded_by = ?, advisories = ?, cves = ?, published_at "
      "= ?, "
      "download_bytes = ?, installed_bytes = ?, needs_reboot = ?, record_digest = ?, listed = 1 "
      "WHERE client_id = ? AND agent_id = ? AND update_id = ?",
      scope, record.name, record.arch, record.installed_version, record.channel, record.source_package,
      record.origin, record.category, record.severity, record.blocked_by, record.superseded_by,
      toJsonList(record.advisories), toJsonList(record.cves), record.published_at, record.download_bytes,
      record.installed_bytes, record.needs_reboot, digest, agent.client_id, agent.agent_id, update_id);
}

void SqlUpdates::setListed(const AgentKey& agent, const std::string& update_id, bool listed) {
  db_.post("UPDATE updates SET listed = ? WHERE client_id = ? AND agent_id = ? AND update_id = ?", listed,
           agent.client_id, agent.agent_id, update_id);
}

void SqlUpdates::setProof(const AgentKey& agent, const Proof& proof) {
  db_.post(
      "UPDATE updates SET proof = ?, proof_scan_id = ?, proof_version = ? "
      "WHERE client_id = ? AND agent_id = ? AND update_id = ?",
      proof.seen, proof.scan_id, proof.version, agent.client_id, agent.agent_id, proof.update_id);
}

UpdateEvidence SqlUpdates::evidence(const Update& update) const {
  UpdateEvidence out;
  auto rows = db_.query(
      "SELECT u.scope, u.install_boot_id, u.reboot_required, u.proof_scan_id, u.proof_version, "
      "COALESCE(a.approval_id, ''), COALESCE(a.actor, ''), COALESCE(a.at, 0) FROM updates u "
      "LEFT JOIN commands c ON c.client_id = u.client_id AND c.agent_id = u.agent_id AND c.command_id = "
      "u.command_id LEFT JOIN approvals a ON a.client_id = u.client_id AND a.approval_id = c.approval_id AND "
      "a.agent_id = u.agent_id AND a.update_id = u.update_id "
      "WHERE u.client_id = ? AND u.agent_id = ? AND u.update_id = ?",
      update.client_id, update.agent_id, update.id);
  if (!rows.next()) return out;
  out.scope = rows.text();
  out.install_boot_id = rows.text();
  out.reboot_required = rows.boolean();
  for (std::string* text : {&out.proof_scan_id, &out.proof_version, &out.approval_id, &out.approved_by})
    *text = rows.text();
  out.approved_at = rows.integer();
  return out;
}

std::size_t SqlUpdates::advanceAll(const std::vector<UpdateStep>& steps, std::int64_t now) {
  ValueRows rows;
  for (const auto& [agent, update_id, from, event, change] : steps) {
    const auto to = after(from, event);
    if (!to) continue;
    rows.add(agent.client_id, agent.agent_id, update_id, name(from), name(*to), change.reason.code,
             change.reason.text, orNull(change.command_id), orNull(change.install_boot_id),
             change.reboot_required, orNull(change.proof_scan_id), orNull(change.proof_version),
             orNull(change.ignored_by));
  }
  std::size_t changed = 0;
  rows.each(kMoveBefore, kMoveAfter, {now}, [&](std::string_view sql, const std::vector<Value>& values) {
    changed += static_cast<std::size_t>(db_.executeAll(sql, values));
  });
  return changed;
}

}  // namespace redflag::store::sql
