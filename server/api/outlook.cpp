#include "api/outlook.h"

#include <fmt/format.h>

#include "base/time.h"

namespace redflag::api {
namespace {

using store::CommandState;

constexpr const char* kChecks = "the machine checks the signature and its own policy, then begins";
constexpr const char* kResult = "its result is shown here";

std::string until(const store::Command& command) {
  if (!command.window.empty() && command.gives_up_at > command.expires_at)
    return "it begins before " + command.window + " closes, at " + toRfc3339(command.expires_at) +
           ", or waits for the next";
  return "the order is valid until " + toRfc3339(command.expires_at);
}

Outlook toBeFetched(const store::Command& command, bool connected) {
  if (connected) return {"the machine is about to fetch the order", kChecks};
  return {"the machine is not connected", "it fetches the order when it is back; " + until(command)};
}

std::string missed(std::int64_t windows) {
  if (windows == 0) return "";
  return "; it has missed " + std::to_string(windows) + (windows == 1 ? " window" : " windows") + " before";
}

Outlook waitsForWindow(const store::Command& command, const store::Command* preparation) {
  const std::int64_t opens_at = opensAt(command);
  if (opens_at == 0) return {command.window, "without one it ends at " + toRfc3339(command.gives_up_at)};
  const std::string ready = preparation == nullptr
                                ? ""
                                : preparationText(store::name(preparation->state), preparation->reason.text);
  return {
      command.window + ", which opens at " + toRfc3339(opens_at) + missed(command.windows_missed),
      fmt::format("{}{}the machine is told to fetch the order, and begins it before {}; missed, it waits for "
                  "the next window, until {}",
                  ready, ready.empty() ? "" : "; ", toRfc3339(command.expires_at),
                  toRfc3339(command.gives_up_at))};
}

Outlook ended(const store::Command& command) {
  if (!command.held.empty())
    return {"a person must confirm: the plan holds more than was approved",
            "the machine does what was confirmed"};
  return {};
}

}  // namespace

std::int64_t opensAt(const store::Command& command) {
  const bool waits = command.state == CommandState::kScheduled && !command.window.empty();
  return waits && command.not_before < command.expires_at ? command.not_before : 0;
}

std::string preparationText(const std::string& state, const std::string& reason) {
  if (state.empty()) return "";
  if (state == "succeeded") return "its packages are downloaded already";
  if (state == "queued" || state == "delivered")
    return "the machine is asked to download its packages beforehand";
  if (state == "accepted" || state == "running") return "its packages are being downloaded beforehand";
  return fmt::format(
      "its packages could not be downloaded beforehand{}{}: the install downloads what is missing",
      reason.empty() ? "" : ", ", reason);
}

Outlook outlookOf(const store::Command& command, const std::string& connection,
                  const store::Command* preparation) {
  const bool connected = connection == "connected";
  switch (command.state) {
    case CommandState::kAwaitingApproval:
      return {"another person must approve what " + command.actor + " ordered",
              "nothing is handed to the machine before; without an approval the order ends at " +
                  toRfc3339(command.expires_at)};
    case CommandState::kScheduled:
      if (!command.window.empty()) return waitsForWindow(command, preparation);
      return {"its time, which is " + toRfc3339(command.not_before),
              "the machine is told to fetch the order"};
    case CommandState::kQueued:
      return toBeFetched(command, connected);
    case CommandState::kDelivered:
      return {connected ? "the machine has been handed the order and has not said yet that it takes it"
                        : "the machine was handed the order and is not connected any more",
              std::string(kChecks) + "; " + until(command)};
    case CommandState::kAccepted:
      if (!command.progress.empty()) return {command.progress, "it begins by itself, connected or not"};
      return {connected ? "the machine has accepted the order and carries out one after the other"
                        : "the machine has accepted the order and is not connected",
              "it begins by itself, connected or not"};
    case CommandState::kRunning:
      return {connected ? "the machine is carrying it out"
                        : "the machine was carrying it out and is not connected",
              connected ? kResult : "its result comes when it is back"};
    case CommandState::kLost:
      return {"the machine accepted the order and has been silent since",
              "given up after a week, or when somebody cancels it; a late result still counts"};
    default:
      return ended(command);
  }
}

}  // namespace redflag::api
