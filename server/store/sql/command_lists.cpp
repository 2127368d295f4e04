#include <fmt/format.h>

#include <algorithm>

#include "store/sql/commands.h"
#include "store/sql/select.h"
#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

// A result may be as long as an upload: of those over 8 MiB lists, and the hooks of command types, have none.
constexpr const char* kShortResults = "CASE WHEN LENGTH(c.results) > 8388608 THEN '' ELSE c.results END";

// With {} where the results are.
constexpr std::string_view kColumns =
    "SELECT c.command_id, c.client_id, a.site_id, c.agent_id, a.hostname, c.type, c.title, c.state, "
    "c.state_since, "
    "c.created_at, "
    "c.actor, c.not_before, c.expires_at, c.timeout_ns, c.parameters, c.actions, c.plan, c.plan_hash, "
    "c.extras, c.held, "
    "{}, c.reason_code, c.reason_text, c.dedup_key, c.approval_id, c.parent_id, c.retry_of, "
    "c.attempt, c.percent, "
    "c.progress, c.reported_at, c.settle_tries, c.run_id, c.order_id, c.risk, c.author_id, c.approved_by, "
    "c.window_text, c.valid_until, c.gives_up_at, c.windows_missed, c.outside_reason, "
    // Only of the few that agents have is there anything to look for, and the index commands_once has it.
    "CASE WHEN c.state IN ('delivered', 'accepted', 'running') THEN (SELECT COUNT(*) FROM commands k WHERE "
    "k.client_id = c.client_id AND k.agent_id = c.agent_id AND k.type = 'cancel' AND k.parent_id = "
    "c.command_id AND k.state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted', "
    "'running')) ELSE 0 END "
    "FROM commands c JOIN agents a USING (client_id, agent_id)";

Command commandFrom(Rows& rows) {
  Command command;
  for (std::string* field : {&command.id, &command.client_id, &command.site_id, &command.agent_id,
                             &command.hostname, &command.type, &command.title}) {
    *field = rows.text();
  }
  command.state = commandState(rows.text()).value();
  command.state_since = rows.integer();
  command.created_at = rows.integer();
  command.actor = rows.text();
  command.not_before = rows.integer();
  command.expires_at = rows.integer();
  command.timeout_ns = rows.integer();
  for (std::string* field :
       {&command.parameters, &command.actions, &command.plan, &command.plan_hash, &command.extras,
        &command.held, &command.results, &command.reason.code, &command.reason.text, &command.dedup_key,
        &command.approval_id, &command.parent_id, &command.retry_of}) {
    *field = rows.text();
  }
  command.attempt = rows.integer();
  command.percent = rows.optionalInteger();
  command.progress = rows.text();
  command.reported_at = rows.integer();
  command.settle_tries = rows.integer();
  for (std::string* field : {&command.run_id, &command.order_id, &command.risk, &command.author_id,
                             &command.approved_by, &command.window})
    *field = rows.text();
  for (std::int64_t* field : {&command.valid_until, &command.gives_up_at, &command.windows_missed})
    *field = rows.integer();
  command.outside_reason = rows.text();
  command.cancel_asked = rows.integer() > 0;
  return command;
}

}  // namespace

std::vector<Command> SqlCommands::select(const std::string& conditions, const std::vector<Value>& values,
                                         const char* results) const {
  std::vector<Command> commands;
  const std::string sql = fmt::format(kColumns, results == nullptr ? kShortResults : results) + conditions;
  auto rows = db_.queryValues(sql, values);
  while (rows.next())
    commands.push_back(commandFrom(rows));
  return commands;
}

Page<Command> SqlCommands::list(const CommandFilter& filter, const http::Visible& visible,
                                const PageRequest& page) const {
  Conditions where;
  restrictByAgent(where, visible, "c");
  if (!filter.agent_id.empty()) addAgent(where, "c", filter.agent_id);
  if (!filter.run_id.empty()) where.add("c.run_id = ?", filter.run_id);
  if (!filter.type.empty()) where.add("c.type = ?", filter.type);
  if (!filter.order_id.empty()) where.add("c.order_id = ?", filter.order_id);
  if (!filter.states.empty()) {
    std::vector<std::string> names;
    for (const auto state : filter.states)
      names.emplace_back(name(state));
    where.in("c.state", names);
  }
  Page<Command> answer;
  {
    const std::string sql = "SELECT COUNT(*) FROM commands c" + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    answer.total = rows.integer();
  }
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, "it");
    where.add("(c.created_at, c.command_id) < (?, ?)", keys[0].get<std::int64_t>(),
              keys[1].get<std::string>());
  }
  answer.items = select(where.sql() + " ORDER BY c.created_at DESC, c.command_id DESC LIMIT ?",
                        where.with(page.limit + 1));
  if (answer.items.size() > page.limit) {
    answer.items.pop_back();
    answer.next_cursor = encodeCursor(Json::array({answer.items.back().created_at, answer.items.back().id}));
  }
  return answer;
}

std::optional<Command> SqlCommands::find(const std::string& command_id, const http::Visible& visible) const {
  Conditions where;
  where.add("c.command_id = ?", command_id);
  restrict(where, visible, "c.client_id", "a.site_id");
  auto found = select(where.sql(), where.values(), "c.results");
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<std::optional<Command>> SqlCommands::findAll(const std::vector<std::string>& command_ids,
                                                         const http::Visible& visible) const {
  std::map<std::string, Command> found;
  for (auto at = command_ids.begin(); at != command_ids.end();) {
    const std::size_t ids = ValueRows::taken(static_cast<std::size_t>(command_ids.end() - at));
    const auto end = at + static_cast<std::ptrdiff_t>(ids);
    Conditions where;
    where.in("c.command_id", {at, end});
    restrict(where, visible, "c.client_id", "a.site_id");
    for (Command& command : select(where.sql(), where.values(), "c.results")) {
      std::string id = command.id;
      found.insert_or_assign(std::move(id), std::move(command));
    }
    at = end;
  }
  std::vector<std::optional<Command>> commands;
  for (const auto& id : command_ids) {
    const auto one = found.find(id);
    commands.push_back(one == found.end() ? std::nullopt : std::optional<Command>(one->second));
  }
  return commands;
}

std::vector<Command> SqlCommands::fetchable(const AgentKey& agent, std::int64_t now,
                                            std::size_t limit) const {
  return select(
      " WHERE c.client_id = ? AND c.agent_id = ? AND c.state IN ('queued', 'delivered') AND c.not_before <= "
      "? "
      "AND (c.expires_at > ? OR (c.state = 'delivered' AND c.window_text <> '')) ORDER BY c.created_at, "
      "c.command_id LIMIT ?",
      {toValue(agent.client_id), toValue(agent.agent_id), now, now, toValue(limit)});
}

std::vector<Command> SqlCommands::due(std::int64_t now, std::size_t limit) const {
  return select(" WHERE c.state = 'scheduled' AND c.not_before <= ? ORDER BY c.command_id LIMIT ?",
                {now, toValue(limit)});
}

std::vector<Command> SqlCommands::overdue(std::int64_t now, std::size_t limit) const {
  return select(
      " WHERE c.state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered') AND c.expires_at <= ? "
      "AND NOT (c.state = 'delivered' AND c.window_text <> '' AND c.gives_up_at > ?) ORDER BY c.command_id "
      "LIMIT ?",
      {now, now, toValue(limit)});
}

std::vector<Command> SqlCommands::silent(std::int64_t now, std::size_t limit) const {
  return select(
      " WHERE c.state IN ('accepted', 'running') AND c.reported_at <= ? - c.timeout_ns ORDER BY c.command_id "
      "LIMIT ?",
      {now, toValue(limit)});
}

std::vector<Command> SqlCommands::lostSince(std::int64_t before, std::size_t limit) const {
  return select(" WHERE c.state = 'lost' AND c.state_since <= ? ORDER BY c.command_id LIMIT ?",
                {before, toValue(limit)});
}

std::map<std::string, std::int64_t> SqlCommands::underWay() const {
  std::map<std::string, std::int64_t> counts;
  auto rows = db_.query(
      "SELECT state, COUNT(*) FROM commands "
      "WHERE state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted', 'running') GROUP "
      "BY state");
  while (rows.next()) {
    std::string state = rows.text();
    counts[std::move(state)] = rows.integer();
  }
  return counts;
}

std::vector<Command> SqlCommands::unsettled(std::size_t limit) const {
  return select(" WHERE c.settlement = 'pending' ORDER BY c.state_since, c.command_id LIMIT ?",
                {toValue(limit)});
}

std::vector<Transition> SqlCommands::transitions(const Command& command) const {
  std::vector<Transition> transitions;
  auto rows = db_.query(
      "SELECT from_state, to_state, at, actor, reason_code, reason_text FROM command_transitions "
      "WHERE client_id = ? AND command_id = ? ORDER BY seq",
      command.client_id, command.id);
  while (rows.next()) {
    transitions.push_back(
        {rows.text(), rows.text(), rows.integer(), rows.text(), {rows.text(), rows.text()}});
  }
  return transitions;
}

std::vector<LogLine> SqlCommands::log(const Command& command, std::size_t limit) const {
  std::vector<LogLine> lines;
  auto rows = db_.query(
      "SELECT seq, at, text FROM command_log WHERE client_id = ? AND command_id = ? ORDER BY seq DESC LIMIT "
      "?",
      command.client_id, command.id, limit);
  while (rows.next())
    lines.push_back({rows.integer(), rows.integer(), rows.text()});
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace redflag::store::sql
