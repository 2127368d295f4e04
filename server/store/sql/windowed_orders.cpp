#include "store/sql/commands.h"
#include "store/sql/select.h"
#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

void SqlCommands::setApproved(std::span<const Command> commands, const std::string& approved_by) {
  ValueRows rows;
  for (const Command& command : commands)
    rows.add(command.client_id, command.agent_id, command.id);
  rows.post(db_, "WITH v (client, agent, id) AS (VALUES ",
            ") UPDATE commands SET approved_by = ? FROM v WHERE client_id = v.client AND agent_id = v.agent "
            "AND command_id = v.id",
            {toValue(approved_by)});
}

void SqlCommands::setTiming(std::span<const Command> commands) {
  ValueRows rows;
  for (const Command& command : commands) {
    rows.add(command.client_id, command.agent_id, command.id, command.not_before, command.expires_at,
             command.window, command.valid_until, command.gives_up_at, command.windows_missed,
             command.outside_reason);
  }
  rows.post(
      db_, "WITH v (client, agent, id, begins, ends, opening, good_until, given_up, missed, why) AS (VALUES ",
      ") UPDATE commands SET not_before = v.begins, expires_at = v.ends, window_text = v.opening, "
      "valid_until = v.good_until, gives_up_at = v.given_up, windows_missed = v.missed, outside_reason "
      "= v.why FROM v WHERE client_id = v.client AND agent_id = v.agent AND command_id = v.id AND "
      "state IN ('awaiting_approval', 'scheduled', 'queued')");
}

std::vector<Command> SqlCommands::waitingOf(const std::string& client_id, const std::string& after_id,
                                            std::size_t limit) const {
  return select(
      " WHERE c.client_id = ? AND c.state IN ('scheduled', 'queued') AND c.command_id > ? ORDER BY "
      "c.command_id LIMIT ?",
      {toValue(client_id), toValue(after_id), toValue(limit)});
}

std::vector<Command> SqlCommands::unprepared(const std::string& type, const std::string& prepared_by,
                                             std::int64_t ahead_of, const PreparationTries& tries,
                                             const WaitingAfter& after, std::size_t limit) const {
  return select(
      " WHERE c.state = 'scheduled' AND c.type = ? AND c.window_text <> '' AND c.not_before > ? AND "
      "(c.not_before, c.command_id) > (?, ?) AND c.not_before < c.expires_at AND a.mode = 'act' AND NOT "
      "EXISTS (SELECT 1 FROM commands p WHERE "
      "p.parent_id = c.command_id AND p.client_id = c.client_id AND p.agent_id = "
      "c.agent_id AND p.type = ? AND (p.state NOT IN ('failed', 'expired') OR p.attempt >= ? OR "
      "p.state_since "
      "> ?)) ORDER BY c.not_before, c.command_id LIMIT ?",
      {toValue(type), ahead_of, after.not_before, toValue(after.id), toValue(prepared_by), tries.most,
       tries.failed_before, toValue(limit)});
}

std::optional<Command> SqlCommands::preparationOf(const Command& command,
                                                  const std::string& prepared_by) const {
  auto found = select(
      " WHERE c.parent_id = ? AND c.client_id = ? AND c.agent_id = ? AND c.type = ? "
      "ORDER BY c.created_at DESC, c.command_id DESC LIMIT 1",
      {toValue(command.id), toValue(command.client_id), toValue(command.agent_id), toValue(prepared_by)});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<WindowWait> SqlCommands::windowWaits(std::int64_t until, const http::Visible& visible) const {
  Conditions where;
  where.add("c.state = 'scheduled' AND c.window_text <> ''");
  where.add("c.not_before <= ?", until);
  restrictByAgent(where, visible, "c");
  const std::string sql =
      "SELECT c.client_id, a.site_id, s.name, c.window_text, c.not_before, MAX(c.expires_at), COUNT(DISTINCT "
      "c.agent_id), MIN(c.agent_id) FROM commands c JOIN agents a ON a.client_id = c.client_id AND "
      "a.agent_id = c.agent_id "
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
    wait.agent_id = rows.text();
  }
  return waits;
}

}  // namespace redflag::store::sql
