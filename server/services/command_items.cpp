#include "protocol/limits.h"
#include "services/item_reading.h"
#include "services/orders.h"
#include "services/uploads.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/updates.h"

namespace redflag::services {
namespace {

using store::CommandEvent;
using store::CommandState;

constexpr std::size_t kMaxText = 8'192;
constexpr std::size_t kMaxLines = 2'000;         // of one item
constexpr std::size_t kMaxStoredLines = 20'000;  // of one command
// Of a log's text in one event: the stream of each browser takes many events at once.
constexpr std::size_t kToldBytes = 32U << 10;

CommandEvent eventOf(const std::string& state) {
  if (state == "accepted") return CommandEvent::kAccepted;
  if (state == "running") return CommandEvent::kRunning;
  if (state == "succeeded") return CommandEvent::kSucceeded;
  if (state == "failed") return CommandEvent::kFailed;
  if (state == "refused") return CommandEvent::kRefused;
  return CommandEvent::kCancelledByAgent;
}

store::Command commandOf(const store::WriteTransaction& tx, const store::AgentKey& agent,
                         const std::string& command_id) {
  auto command = tx.commands().find(command_id, http::Visible::everything());
  // Another agent's command is as unknown as one that never was.
  if (!command || command->agent_id != agent.agent_id) {
    throw http::Problem{404, "command.not_found", "this agent has no such command"};
  }
  return std::move(*command);
}

// The updates an install is about begin to change when it runs.
void startInstalling(store::WriteTransaction& tx, const store::AgentKey& agent, const store::Command& command,
                     std::int64_t now) {
  if (command.plan_hash.empty()) return;
  auto updates = tx.updates().ofCommand(agent, command.id);
  std::erase_if(updates, [&](const store::KnownUpdate& update) { return update.command_id != command.id; });
  tx.updates().advanceAll(agent, updates, store::UpdateEvent::kInstallStarted, {}, now);
  tx.events().publish(agent.client_id, "update", {{"agent_id", agent.agent_id}}, now);
}

void tellLog(store::WriteTransaction& tx, const store::AgentKey& agent, Json data,
             const std::vector<store::LogLine>& lines, std::int64_t now) {
  std::size_t bytes = 0;
  data["lines"] = Json::array();
  for (const auto& line : lines) {
    if (bytes >= kToldBytes) {
      tx.events().publish(agent.client_id, "log", data, now);
      data["lines"] = Json::array();
      bytes = 0;
    }
    data["lines"].push_back({{"seq", line.seq}, {"at", toRfc3339(line.at)}, {"text", line.text}});
    bytes += line.text.size();
  }
  tx.events().publish(agent.client_id, "log", data, now);
}

}  // namespace

void Uploads::takeCommandState(store::WriteTransaction& tx, const store::AgentKey& agent,
                               const Json& item) const {
  JsonReader in(item, "command_state");
  in.text("kind", 16);
  in.text("id", 26);
  readTime(in, "at");
  const std::string command_id = in.text("command_id", 64);
  const std::string state =
      readChoice(in, "state", {"accepted", "running", "succeeded", "failed", "refused", "cancelled"});
  const store::Reason reason{in.optionalText("code", 128), in.optionalText("text", kMaxText)};
  const Json& results = in.optionalArray("results", protocol::kMaxActions);
  readChoice(in, "by", {"kernel", "executor"});
  finishItem(in);

  const std::int64_t now = context_.now();
  const store::Command command = commandOf(tx, agent, command_id);
  const auto reached = tx.commands().advance(command, eventOf(state), "agent", reason, now);
  // Late or repeated words about a command that has ended are taken and change nothing.
  if (!reached || *reached == command.state) return;
  if (store::finished(*reached) && in.find("results") != nullptr)
    tx.commands().setResults(command, dumpJson(results));
  if (*reached == CommandState::kRunning) startInstalling(tx, agent, command, now);
  if (*reached == CommandState::kRefused || *reached == CommandState::kFailed ||
      *reached == CommandState::kSucceeded) {
    store::HistoryEntry entry;
    entry.at = now;
    entry.subsystem = *reached == CommandState::kRefused ? "trust" : "command";
    entry.actor = "agent";
    entry.kind = "command." + state;
    entry.text = command.title + ": " + state + (reason.text.empty() ? "" : ": " + reason.text);
    entry.code = reason.code;
    entry.severity = *reached == CommandState::kSucceeded ? "info" : "error";
    entry.command_id = command.id;
    tx.events().record(agent.client_id, agent.agent_id, entry);
  }
  publishState(tx, command, *reached, now);
}

void Uploads::takeCommandLog(store::WriteTransaction& tx, const store::AgentKey& agent,
                             const Json& item) const {
  JsonReader in(item, "command_log");
  in.text("kind", 16);
  in.text("id", 26);
  readTime(in, "at");
  const std::string command_id = in.text("command_id", 64);
  std::vector<store::LogLine> lines;
  for (const Json& entry : in.optionalArray("lines", kMaxLines)) {
    JsonReader line(entry, "command_log.lines");
    const std::int64_t at = readTime(line, "at");
    lines.push_back({0, at, line.text("text", kMaxText)});
    finishItem(line);
  }
  std::optional<std::int64_t> percent;
  if (in.find("percent") != nullptr) percent = in.integer("percent", 0, 100);
  const std::string progress = in.optionalText("progress", kMaxText);
  finishItem(in);

  const std::int64_t now = context_.now();
  const store::Command command = commandOf(tx, agent, command_id);
  const auto stored = tx.commands().addLog(command, lines, kMaxStoredLines);
  tx.commands().setProgress(command, percent, progress, now);
  Json data = {{"agent_id", agent.agent_id}, {"command_id", command.id}};
  // What it says nothing of stays as it was, here and on the pages that are open.
  if (percent) data["percent"] = *percent;
  if (!progress.empty()) data["progress"] = progress;
  tellLog(tx, agent, std::move(data), stored, now);
}

}  // namespace redflag::services
