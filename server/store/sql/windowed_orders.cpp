#include "store/sql/commands.h"
#include "store/sql/select.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

void SqlCommands::setApproved(const Command& command, const std::string& approved_by) {
  db_.post("UPDATE commands SET approved_by = ? WHERE client_id = ? AND agent_id = ? AND command_id = ?",
           approved_by, command.client_id, command.agent_id, command.id);
}

void SqlCommands::setTiming(const Command& command) {
  db_.post(
      "UPDATE commands SET not_before = ?, expires_at = ?, window_text = ?, valid_until = ?, gives_up_at = "
      "?, "
      "windows_missed = ?, outside_reason = ? WHERE client_id = ? AND agent_id = ? AND command_id = ? AND "
      "state IN ('awaiting_approval', 'scheduled', 'queued')",
      command.not_before, command.expires_at, command.window, command.valid_until, command.gives_up_at,
      command.windows_missed, command.outside_reason, command.client_id, command.agent_id, command.id);
}

std::vector<Command> SqlCommands::waitingOf(const std::string& client_id, const std::string& after_id,
                                            std::size_t limit) const {
  return select(
      " WHERE c.client_id = ? AND c.state IN ('scheduled', 'queued') AND c.command_id > ? ORDER BY "
      "c.command_id LIMIT ?",
      {toValue(client_id), toValue(after_id), toValue(limit)});
}

std::vector<WindowWait> SqlCommands::windowWaits(std::int64_t until, const http::Visible& visible) const {
  Conditions where;
  where.add("c.state = 'scheduled' AND c.window_text <> ''");
  where.add("c.not_before <= ?", until);
  restrictByAgent(where, visible, "c");
  const std::string sql =
      "SELECT c.client_id, a.site_id, s.name, c.window_text, c.not_before, MAX(c.expires_at), COUNT(DISTINCT "
      "c.agent_id) FROM commands c JOIN agents a ON a.client_id = c.client_id AND a.agent_id = c.agent_id "
      "JOIN sites s ON s.client_id = c.client_id AND s.site_id = a.site_id" +
      where.sql() +
      " GROUP BY c.client_id, a.site_id, s.name, c.window_text, c.not_before ORDER BY c.not_before, s.name, "
      "a.site_id";
  std::vector<WindowWait> waits;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    WindowWait& wait = waits.emplace_back();
    for (std::string* field : {&wait.client_id, &wait.site_id, &wait.site_name, &wait.window})
      *field = rows.text();
    for (std::int64_t* field : {&wait.opens_at, &wait.closes_at, &wait.agents})
      *field = rows.integer();
  }
  return waits;
}

}  // namespace redflag::store::sql
