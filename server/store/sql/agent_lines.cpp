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

std::vector<Line> SqlAgents::lines(const AgentKey& agent) const {
  std::vector<Line> lines;
  auto rows = db_.query(
      "SELECT line_id, number, document_hash, token_hash, before_hash, boot_id, machine, peer, began_at, "
      "seen_at, expires_at FROM agent_lines WHERE client_id = ? AND agent_id = ? ORDER BY began_at, line_id",
      agent.client_id, agent.agent_id);
  while (rows.next()) {
    lines.push_back({rows.text(), rows.integer(), rows.blob(), rows.blob(), rows.blob(), rows.text(),
                     rows.blob(), rows.text(), rows.integer(), rows.integer(), rows.integer()});
  }
  return lines;
}

void SqlAgents::putLine(const AgentKey& agent, const Line& line) {
  db_.post(
      "INSERT INTO agent_lines (client_id, agent_id, line_id, number, document_hash, token_hash, "
      "before_hash, boot_id, machine, peer, began_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?) ON CONFLICT (client_id, agent_id, line_id) DO UPDATE SET number = excluded.number, "
      "document_hash = excluded.document_hash, token_hash = excluded.token_hash, before_hash = "
      "excluded.before_hash, boot_id = excluded.boot_id, machine = excluded.machine, peer = excluded.peer, "
      "seen_at = excluded.seen_at, expires_at = excluded.expires_at",
      agent.client_id, agent.agent_id, line.id, line.number, Blob{line.document_hash}, Blob{line.token_hash},
      Blob{line.before_hash}, line.boot_id, Blob{line.machine}, line.peer, line.began_at, line.seen_at,
      line.expires_at);
}

void SqlAgents::removeLines(const AgentKey& agent, const std::string& but) {
  db_.post("DELETE FROM agent_lines WHERE client_id = ? AND agent_id = ? AND line_id <> ?", agent.client_id,
           agent.agent_id, but);
}

}  // namespace redflag::store::sql
