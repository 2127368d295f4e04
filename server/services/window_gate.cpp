#include "services/window_gate.h"

#include <algorithm>

#include "protocol/limits.h"

namespace redflag::services {
namespace {

MachinePlace placeOfOrder(const store::Command& command) {
  return {command.client_id, command.site_id, command.agent_id};
}

}  // namespace

bool heldToWindows(const commands::CommandType& type) {
  return type.risk == "high" || type.risk == "destructive";
}

void WindowGate::know(std::span<const store::Command> commands) {
  std::vector<MachinePlace> machines;
  for (const auto& command : commands)
    if (holds(command)) machines.push_back(placeOfOrder(command));
  windows_.load(machines);
}

bool WindowGate::holds(const store::Command& command) {
  if (!command.outside_reason.empty()) return false;
  const auto [it, fresh] = valid_s_.try_emplace(command.type, 0);
  if (fresh) {
    const auto type = context_.types.find(command.type);
    if (type && heldToWindows(*type)) it->second = type->valid_s;
  }
  return it->second > 0;
}

// While it waits for a window, not_before is when that opens: never earlier than what it was ordered for.
std::int64_t WindowGate::orderedFor(const store::Command& command) {
  if (command.window.empty()) return command.not_before;
  return std::min(command.not_before, command.valid_until - valid_s_[command.type] * kSecondNs);
}

// There is no window any more: what waited for one is good for as long as if it was ordered now.
bool WindowGate::setFree(store::Command& command) {
  if (command.window.empty()) return command.not_before <= now_;
  const std::int64_t begins = orderedFor(command);
  command.window.clear();
  command.not_before =
      begins > now_ ? begins : std::min(command.not_before, now_ - protocol::kClockToleranceNs);
  command.valid_until = std::max(command.valid_until, now_ + valid_s_[command.type] * kSecondNs);
  command.expires_at = command.gives_up_at = command.valid_until;
  return begins <= now_;
}

bool WindowGate::time(store::Command& command, bool waited, std::int64_t earliest) {
  const PlaceWindows& place = windows_.of(placeOfOrder(command));
  if (place.empty()) return setFree(command);
  // One that is not for now anyway waits for a window after its time.
  const std::int64_t from = std::max({now_, orderedFor(command), earliest});
  const auto spans = place.spansFrom(from, kWindowsGiven);
  if (spans.empty()) {
    command.window = "a window: none of " + place.placeText() + " opens again";
    command.not_before = command.expires_at = command.gives_up_at = std::max(command.valid_until, now_);
    return false;
  }
  const calendar::Span& first = spans.front();
  const bool is_open = first.opens_at <= from;
  command.window = place.text(first);
  if (is_open && !waited && command.valid_until <= first.closes_at) {
    command.expires_at = command.gives_up_at = command.valid_until;
  } else {
    const std::size_t given = command.run_id.empty() ? kWindowsGiven : 1;
    const auto missed = static_cast<std::size_t>(command.windows_missed);
    const std::size_t left = given > missed ? given - missed : 1;
    command.expires_at = first.closes_at;
    command.gives_up_at = std::max(command.valid_until, spans[std::min(left, spans.size()) - 1].closes_at);
  }
  // By this server's clock it is open. The machine's may be behind by as much as it tolerates.
  command.not_before = !is_open ? first.opens_at : from > now_ ? from : now_ - protocol::kClockToleranceNs;
  return is_open && from <= now_;
}

bool WindowGate::open(store::Command& command) {
  const PlaceWindows& place = windows_.of(placeOfOrder(command));
  if (place.empty()) return true;
  const auto spans = place.spansFrom(now_, 1);
  if (spans.empty() || spans.front().opens_at > now_) return false;
  command.window = place.text(spans.front());
  command.expires_at = std::min(command.expires_at, spans.front().closes_at);
  return true;
}

bool waitedForWindow(const store::Command& command) {
  if (command.window.empty()) return false;
  return command.state == store::CommandState::kScheduled || command.expires_at != command.valid_until;
}

}  // namespace redflag::services
