#include "executor/events.h"

#include "base/time.h"
#include "executor/messages.h"

namespace redflag::kernel {
namespace {

Json event(const char* name, const std::string& command_id, std::int64_t at_ns) {
  return {{"event", name}, {"command_id", command_id}, {"at", toRfc3339(at_ns)}};
}

// Whoever reads takes no longer one, and would never hear of the rest: a bad agent.yaml has a line for each
// mistake.
std::string shortened(const std::string& text) {
  return text.substr(0, kMaxEventText);
}

}  // namespace

Json stateEvent(const JournalEntry& entry) {
  const char* name = entry.phase == Phase::kWaiting ? "accepted"
                     : entry.phase == Phase::kDone  ? "result"
                                                    : "running";
  Json out = event(name, entry.order.command_id, entry.entered_at);
  out["id"] = entry.event_id;
  if (entry.phase != Phase::kDone) return out;
  out["state"] = entry.outcome.state;
  out["results"] = entry.outcome.results;
  if (!entry.outcome.code.empty()) out["code"] = entry.outcome.code;
  if (!entry.outcome.text.empty()) out["text"] = shortened(entry.outcome.text);
  return out;
}

Json refusedEvent(const std::string& command_id, const protocol::Refused& why, std::int64_t now_ns) {
  Json out = event("refused", command_id, now_ns);
  out["code"] = why.code;
  out["text"] = shortened(why.text);
  return out;
}

Json errorEvent(const std::string& text, std::int64_t now_ns, bool full) {
  Json out = {{"event", "error"}, {"text", shortened(text)}, {"at", toRfc3339(now_ns)}};
  if (full) out["code"] = kExecutorFull;
  return out;
}

Json progressEvent(const std::string& command_id, int percent, const std::string& text, std::int64_t now_ns) {
  Json out = event("progress", command_id, now_ns);
  if (percent >= 0) out["percent"] = percent;
  out["text"] = text;
  return out;
}

Json logEvent(const std::string& command_id, const std::vector<std::string>& lines, std::int64_t now_ns) {
  Json out = event("log", command_id, now_ns);
  out["lines"] = lines;
  return out;
}

}  // namespace redflag::kernel
