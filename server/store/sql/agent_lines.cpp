#include "store/sql/agents.h"

namespace redflag::store::sql {

Standing SqlAgents::standing(const AgentKey& agent) const {
  auto rows = db_.query(
      "SELECT identity_state, identity_reason, identity_since, line_id, line_number FROM agents WHERE "
      "client_id = ? AND agent_id = ?",
      agent.client_id, agent.agent_id);
  if (!rows.next()) return {};
  return {rows.text(), rows.text(), rows.integer(), rows.text(), rows.integer()};
}

void SqlAgents::setStanding(const AgentKey& agent, const Standing& standing) {
  db_.post(
      "UPDATE agents SET identity_state = ?, identity_reason = ?, identity_since = ?, line_id = ?, "
      "line_number = ? WHERE client_id = ? AND agent_id = ?",
      standing.state, standing.reason, standing.since, standing.line, standing.number, agent.client_id,
      agent.agent_id);
}

void SqlAgents::setKey(const AgentKey& agent, const std::string& public_key) {
  db_.post(
      "UPDATE agents SET public_key = ?, old_key_until = 0, doorbell = 0 WHERE client_id = ? AND agent_id = "
      "?",
      Blob{public_key}, agent.client_id, agent.agent_id);
}

void SqlAgents::handOverKey(const AgentKey& agent, const std::string& public_key, std::int64_t until) {
  db_.post(
      "UPDATE agents SET old_key = public_key, old_key_until = ?, public_key = ? WHERE client_id = ? AND "
      "agent_id = ?",
      until, Blob{public_key}, agent.client_id, agent.agent_id);
}

void SqlAgents::endOldKey(const AgentKey& agent) {
  db_.post(
      "UPDATE agents SET old_key_until = 0 WHERE client_id = ? AND agent_id = ? AND public_key = ? AND "
      "old_key_until > 0",
      agent.client_id, agent.agent_id, Blob{agent.public_key});
}

void SqlAgents::holdActive(const std::string& reason, std::int64_t now) {
  db_.post(
      "UPDATE agents SET identity_state = 'restored', identity_reason = ?, identity_since = ? WHERE "
      "identity_state = 'active'",
      reason, now);
}

void SqlAgents::expectAhead() {
  db_.post("UPDATE agent_lines SET may_be_ahead = 1 WHERE ended_at = 0");
}

std::vector<Line> SqlAgents::linesWhere(const AgentKey& agent, const char* condition) const {
  std::vector<Line> lines;
  const std::string sql =
      std::string(
          "SELECT line_id, number, document_hash, token_hash, before_hash, boot_id, machine, peer, began_at, "
          "seen_at, expires_at, ended_at, may_be_ahead FROM agent_lines WHERE client_id = ? AND agent_id = ? "
          "AND ") +
      condition + " ORDER BY began_at, line_id";
  auto rows = db_.query(sql, agent.client_id, agent.agent_id);
  while (rows.next()) {
    lines.push_back({rows.text(), rows.integer(), rows.blob(), rows.blob(), rows.blob(), rows.text(),
                     rows.blob(), rows.text(), rows.integer(), rows.integer(), rows.integer(), rows.integer(),
                     rows.integer() != 0});
  }
  return lines;
}

std::vector<Line> SqlAgents::lines(const AgentKey& agent) const {
  return linesWhere(agent, "ended_at = 0");
}

std::vector<Line> SqlAgents::endedLines(const AgentKey& agent) const {
  return linesWhere(agent, "ended_at > 0");
}

void SqlAgents::putLine(const AgentKey& agent, const Line& line) {
  db_.post(
      "INSERT INTO agent_lines (client_id, agent_id, line_id, number, document_hash, token_hash, "
      "before_hash, boot_id, machine, peer, began_at, seen_at, expires_at, ended_at, may_be_ahead) VALUES "
      "(?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id, agent_id, line_id) DO UPDATE SET "
      "number = excluded.number, "
      "document_hash = excluded.document_hash, token_hash = excluded.token_hash, before_hash = "
      "excluded.before_hash, boot_id = excluded.boot_id, machine = excluded.machine, peer = excluded.peer, "
      "seen_at = excluded.seen_at, expires_at = excluded.expires_at, may_be_ahead = excluded.may_be_ahead",
      agent.client_id, agent.agent_id, line.id, line.number, Blob{line.document_hash}, Blob{line.token_hash},
      Blob{line.before_hash}, line.boot_id, Blob{line.machine}, line.peer, line.began_at, line.seen_at,
      line.expires_at, line.ended_at, line.may_be_ahead);
}

void SqlAgents::endLines(const AgentKey& agent, const std::string& but, std::int64_t now) {
  db_.post(
      "DELETE FROM agent_lines WHERE client_id = ? AND agent_id = ? AND ended_at > 0 AND expires_at <= ?",
      agent.client_id, agent.agent_id, now);
  db_.post(
      "UPDATE agent_lines SET ended_at = ? WHERE client_id = ? AND agent_id = ? AND ended_at = 0 AND line_id "
      "<> ?",
      now, agent.client_id, agent.agent_id, but);
}

void SqlAgents::removeLines(const AgentKey& agent) {
  db_.post("DELETE FROM agent_lines WHERE client_id = ? AND agent_id = ?", agent.client_id, agent.agent_id);
}

}  // namespace redflag::store::sql
