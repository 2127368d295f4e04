#include "store/sql/commands.h"

#include "base/encoding.h"
#include "store/sql/value_rows.h"

namespace redflag::store::sql {
namespace {

constexpr const char* kUnderWay =
    "('awaiting_approval', 'scheduled', 'queued', 'delivered', 'accepted', 'running')";

constexpr const char* kInsertCommands =
    "INSERT INTO commands (client_id, agent_id, command_id, type, title, state, state_since, created_at, "
    "actor, not_before, expires_at, timeout_ns, parameters, actions, plan_hash, dedup_key, approval_id, "
    "parent_id, retry_of, attempt, run_id, order_id, risk, author_id, window_text, valid_until, gives_up_at, "
    "windows_missed, outside_reason, approved_by) VALUES ";

// Read in the same transaction, they still are where they were: the guard costs no answer. The progress of
// one that was accepted is what it waited for, and that is over.
constexpr const char* kMoveCommands = "WITH v (client, agent, id, from_state, to_state, ends) AS (VALUES ";
constexpr const char* kWhereTheyWere =
    ") UPDATE commands SET state = v.to_state, state_since = ?, reported_at = ?, reason_code = ?, "
    "reason_text = ?, settlement = CASE WHEN v.ends = 1 THEN 'pending' WHEN settlement = 'pending' THEN "
    "'none' "
    "ELSE settlement END, progress = CASE WHEN v.from_state = 'accepted' THEN '' ELSE progress END "
    "FROM v WHERE client_id = v.client AND agent_id = v.agent AND command_id = v.id AND "
    "state = v.from_state";

// A statement sees none of its own rows: it has one of each command.
constexpr const char* kTransitions = "WITH v (client, id, from_state, to_state) AS (VALUES ";
constexpr const char* kNumbered =
    ") INSERT INTO command_transitions (client_id, command_id, seq, from_state, to_state, at, actor, "
    "reason_code, reason_text) SELECT v.client, v.id, COALESCE((SELECT MAX(t.seq) FROM command_transitions t "
    "WHERE t.client_id = v.client AND t.command_id = v.id), 0) + 1, v.from_state, v.to_state, ?, ?, ?, ? "
    "FROM v";

bool isUnderWay(CommandState state) {
  return !finished(state) && state != CommandState::kLost;
}

}  // namespace

// The unique index is the guard; this question only spares its error.
std::map<SqlCommands::Key, std::string> SqlCommands::sameUnderWay(
    const std::vector<NewCommand>& commands) const {
  static const std::string kOfThese =
      std::string(
          ") SELECT c.client_id, c.agent_id, c.dedup_key, c.command_id FROM v CROSS JOIN commands c WHERE "
          "c.client_id = v.client AND c.agent_id = v.agent AND c.dedup_key = v.dedup AND c.state IN ") +
      kUnderWay;
  ValueRows keys;
  for (const auto& [command, update_ids] : commands)
    keys.add(command.client_id, command.agent_id, command.dedup_key);
  std::map<Key, std::string> same;
  keys.each("WITH v (client, agent, dedup) AS (VALUES ", kOfThese, {},
            [&](std::string_view sql, const std::vector<Value>& values) {
              auto rows = db_.queryValues(sql, values);
              while (rows.next()) {
                Key key{rows.text(), rows.text(), rows.text()};
                same[std::move(key)] = rows.text();
              }
            });
  return same;
}

std::vector<std::string> SqlCommands::addAll(const std::vector<NewCommand>& commands) {
  auto same = sameUnderWay(commands);
  std::vector<std::string> ids;
  ValueRows rows;
  ValueRows links;
  ValueRows transitions;
  for (const auto& [command, update_ids] : commands) {
    const auto [known, fresh] =
        same.try_emplace({command.client_id, command.agent_id, command.dedup_key}, command.id);
    ids.push_back(known->second);
    if (!fresh) continue;
    if (!isUnderWay(command.state)) same.erase(known);
    const char* state = name(command.state);
    rows.add(command.client_id, command.agent_id, command.id, command.type, command.title, state,
             command.created_at, command.created_at, command.actor, command.not_before, command.expires_at,
             command.timeout_ns, command.parameters, command.actions, command.plan_hash, command.dedup_key,
             command.approval_id, command.parent_id, command.retry_of, command.attempt, command.run_id,
             command.order_id, command.risk, command.author_id, command.window,
             command.valid_until == 0 ? command.expires_at : command.valid_until,
             command.gives_up_at == 0 ? command.expires_at : command.gives_up_at, command.windows_missed,
             command.outside_reason, command.approved_by);
    for (const auto& update_id : update_ids)
      links.add(command.client_id, command.id, update_id);
    transitions.add(command.client_id, command.id, 1, "", state, command.created_at, command.actor, "", "");
    steps_.push_back(
        {command.created_at, command.id, command.agent_id, command.type, "", state, command.actor, ""});
  }
  rows.post(db_, kInsertCommands);
  links.post(db_, "INSERT INTO command_updates (client_id, command_id, update_id) VALUES ");
  transitions.post(db_,
                   "INSERT INTO command_transitions (client_id, command_id, seq, from_state, to_state, at, "
                   "actor, reason_code, reason_text) VALUES ");
  return ids;
}

std::map<std::string, CommandState> SqlCommands::statesOf(std::span<const Command> commands) const {
  ValueRows keys;
  for (const Command& command : commands)
    keys.add(command.client_id, command.agent_id, command.id);
  std::map<std::string, CommandState> states;
  keys.each("WITH v (client, agent, id) AS (VALUES ",
            ") SELECT c.command_id, c.state FROM v CROSS JOIN commands c WHERE c.client_id = v.client AND "
            "c.agent_id = v.agent AND c.command_id = v.id",
            {}, [&](std::string_view sql, const std::vector<Value>& values) {
              for (auto rows = db_.queryValues(sql, values); rows.next();) {
                std::string id = rows.text();
                states[std::move(id)] = commandState(rows.text()).value();
              }
            });
  return states;
}

std::vector<std::optional<CommandState>> SqlCommands::advanceAll(std::span<const Command> commands,
                                                                 CommandEvent event, const std::string& actor,
                                                                 const Reason& reason, std::int64_t now) {
  const auto states = statesOf(commands);
  std::vector<std::optional<CommandState>> reached;
  ValueRows moves;
  ValueRows transitions;
  for (const Command& command : commands) {
    const auto from = states.find(command.id);
    const auto to = from == states.end() ? std::nullopt : after(from->second, event);
    reached.push_back(to);
    if (!to || *to == from->second) continue;
    if (!isUnderWay(from->second) && isUnderWay(*to)) yieldKey(command);
    moves.add(command.client_id, command.agent_id, command.id, name(from->second), name(*to), finished(*to));
    transitions.add(command.client_id, command.id, name(from->second), name(*to));
    steps_.push_back(
        {now, command.id, command.agent_id, command.type, name(from->second), name(*to), actor, reason.code});
  }
  moves.post(db_, kMoveCommands, kWhereTheyWere, {now, now, toValue(reason.code), toValue(reason.text)});
  transitions.post(db_, kTransitions, kNumbered,
                   {now, toValue(actor), toValue(reason.code), toValue(reason.text)});
  return reached;
}

// Given up for lost or expired, it may have a successor by now, to whom the key belongs.
void SqlCommands::yieldKey(const Command& command) {
  static const std::string kYield =
      std::string(
          "UPDATE commands SET dedup_key = command_id WHERE client_id = ?1 AND agent_id = ?2 AND command_id "
          "= "
          "?3 AND EXISTS (SELECT 1 FROM commands o WHERE o.client_id = ?1 AND o.agent_id = ?2 AND "
          "o.dedup_key = commands.dedup_key AND o.state IN ") +
      kUnderWay + ")";
  db_.post(kYield, command.client_id, command.agent_id, command.id);
}

void SqlCommands::setResults(const Command& command, const std::string& results) {
  db_.post("UPDATE commands SET results = ? WHERE client_id = ? AND agent_id = ? AND command_id = ?", results,
           command.client_id, command.agent_id, command.id);
}

void SqlCommands::setPlan(const Command& command, const PlanFindings& findings) {
  db_.post(
      "UPDATE commands SET plan = ?, plan_hash = ?, extras = ?, held = ? "
      "WHERE client_id = ? AND agent_id = ? AND command_id = ?",
      findings.plan, findings.plan_hash, findings.extras, findings.held, command.client_id, command.agent_id,
      command.id);
}

void SqlCommands::setProgress(const Command& command, std::optional<std::int64_t> percent,
                              const std::string& progress, std::int64_t now) {
  db_.post(
      "UPDATE commands SET percent = COALESCE(?, percent), progress = CASE WHEN ?2 = '' THEN progress ELSE "
      "?2 END, "
      "reported_at = ? "
      "WHERE client_id = ? AND agent_id = ? AND command_id = ?",
      percent, progress, now, command.client_id, command.agent_id, command.id);
}

std::vector<LogLine> SqlCommands::addLog(const Command& command, const std::vector<LogLine>& lines,
                                         std::size_t limit) {
  std::int64_t seq = 0;
  {
    auto rows =
        db_.query("SELECT COALESCE(MAX(seq), 0) FROM command_log WHERE client_id = ? AND command_id = ?",
                  command.client_id, command.id);
    rows.next();
    seq = rows.integer();
  }
  std::vector<LogLine> stored;
  for (const LogLine& line : lines) {
    if (seq >= static_cast<std::int64_t>(limit)) break;
    ++seq;
    db_.post("INSERT INTO command_log (client_id, command_id, seq, at, text) VALUES (?, ?, ?, ?, ?)",
             command.client_id, command.id, seq, line.at, line.text);
    stored.push_back({seq, line.at, line.text});
  }
  return stored;
}

bool SqlCommands::settle(const Command& command) {
  return db_.execute(
             "UPDATE commands SET settlement = 'done' WHERE client_id = ? AND agent_id = ? AND command_id = "
             "? "
             "AND settlement = 'pending' AND state = ?",
             command.client_id, command.agent_id, command.id, name(command.state)) > 0;
}

void SqlCommands::settleFailed(const Command& command) {
  db_.post(
      "UPDATE commands SET settle_tries = settle_tries + 1 WHERE client_id = ? AND agent_id = ? AND "
      "command_id = ?",
      command.client_id, command.agent_id, command.id);
}

void SqlCommands::addApprovals(const std::string& approval_id, const std::vector<Approval>& approvals,
                               const std::string& actor, std::int64_t now) {
  ValueRows rows;
  for (const auto& [agent, update] : approvals) {
    rows.add(agent.client_id, approval_id, agent.agent_id, update.update_id, update.manager, update.key,
             update.name, update.arch, update.version, actor, now);
  }
  rows.post(db_,
            "INSERT INTO approvals (client_id, approval_id, agent_id, update_id, manager, key, name, arch, "
            "version, actor, at) VALUES ");
}

std::vector<ApprovedUpdate> SqlCommands::approved(const AgentKey& agent,
                                                  const std::string& approval_id) const {
  std::vector<ApprovedUpdate> approved;
  auto rows = db_.query(
      "SELECT update_id, manager, key, name, arch, version FROM approvals "
      "WHERE client_id = ? AND approval_id = ? AND agent_id = ? ORDER BY update_id",
      agent.client_id, approval_id, agent.agent_id);
  while (rows.next()) {
    approved.push_back({rows.text(), rows.text(), rows.text(), rows.text(), rows.text(), rows.text()});
  }
  return approved;
}

bool SqlCommands::prune(std::int64_t before, int limit) {
  std::vector<std::pair<std::string, std::string>> old;
  {
    auto rows = db_.query(
        "SELECT client_id, command_id FROM commands WHERE created_at < ? AND settlement <> 'pending' AND "
        "held = '' "
        "AND state IN ('succeeded', 'failed', 'refused', 'expired', 'cancelled') LIMIT ?",
        before, limit);
    while (rows.next()) {
      std::string client_id = rows.text();
      old.emplace_back(std::move(client_id), rows.text());
    }
  }
  for (const auto& [client_id, command_id] : old) {
    db_.post("DELETE FROM command_log WHERE client_id = ? AND command_id = ?", client_id, command_id);
    db_.post("DELETE FROM command_transitions WHERE client_id = ? AND command_id = ?", client_id, command_id);
    db_.post("DELETE FROM command_updates WHERE client_id = ? AND command_id = ?", client_id, command_id);
    db_.post("DELETE FROM commands WHERE client_id = ? AND command_id = ?", client_id, command_id);
  }
  const int approvals = db_.execute(
      "DELETE FROM approvals WHERE (client_id, approval_id, agent_id, update_id) IN "
      "(SELECT a.client_id, a.approval_id, a.agent_id, a.update_id FROM approvals a WHERE a.at < ? AND NOT "
      "EXISTS "
      " (SELECT 1 FROM updates u WHERE u.client_id = a.client_id AND u.agent_id = a.agent_id AND u.update_id "
      "= "
      "a.update_id) LIMIT ?)",
      before, limit);
  return old.size() == static_cast<std::size_t>(limit) || approvals == limit;
}

}  // namespace redflag::store::sql
