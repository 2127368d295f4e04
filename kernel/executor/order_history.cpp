#include "executor/order_history.h"

#include "base/history_line.h"
#include "executor/log.h"
#include "executor/trust_file.h"

namespace redflag::kernel {
namespace {

std::string_view historyState(const JournalEntry& entry) {
  if (entry.phase == Phase::kDone) return entry.outcome.state;
  return entry.phase == Phase::kWaiting ? "accepted" : "running";
}

void writeHistory(const std::filesystem::path& state_folder, HistoryStep step) {
  const auto trust = loadExecutorTrust(state_folder);
  step.program = "redflag-executor";
  step.subsystem = "orders";
  step.actor = "executor";
  if (trust) step.agent_id = trust->agent_id;
  logLine("info", historyLine(step));
}

}  // namespace

void OrderHistory::entered(const JournalEntry& entry, const char* from) const {
  const std::string action = entry.order.plugin + "/" + entry.order.action;
  HistoryStep step;
  step.at_ns = entry.entered_at;
  step.command_id = entry.order.command_id;
  step.action = action;
  step.from = from;
  step.to = historyState(entry);
  step.code = entry.phase == Phase::kDone ? std::string_view(entry.outcome.code) : std::string_view();
  writeHistory(state_folder_, step);
}

void OrderHistory::refused(const std::string& command_id, const std::string& code, std::int64_t at_ns) const {
  HistoryStep step;
  step.at_ns = at_ns;
  step.command_id = command_id;
  step.to = "refused";
  step.code = code;
  writeHistory(state_folder_, step);
}

}  // namespace redflag::kernel
