#include "services/settings_work.h"

#include <algorithm>
#include <array>

#include "base/time.h"

namespace redflag::services {
namespace {

using store::CommandState;
using store::SettingsWork;

constexpr std::int64_t kLookNs = 15 * kSecondNs;      // at what is under way
constexpr std::int64_t kBetweenNs = 15 * kSecondNs;   // two orders to one agent
constexpr std::int64_t kTellingNs = 120 * kSecondNs;  // in which an agent tells what an order came to
constexpr std::array<std::int64_t, kMostSettingsTries - 1> kPausesS = {60, 300, 1'800, 7'200, 43'200};

bool underWay(const std::optional<store::Command>& command) {
  return command && !store::finished(command->state) && command->state != CommandState::kLost;
}

bool withdrawable(const store::Command& command) {
  return command.state == CommandState::kAwaitingApproval || command.state == CommandState::kScheduled ||
         command.state == CommandState::kQueued;
}

std::string reasonOf(const store::Command& command) {
  if (command.state == CommandState::kSucceeded) return "the agent took it and still tells another value";
  if (!command.reason.text.empty()) return command.reason.text;
  return std::string("the order was ") + store::name(command.state);
}

SettingsStep waitUntil(SettingsWork work, std::int64_t at, const std::string& note) {
  work.look_at = at;
  work.note = note;
  return {false, false, std::move(work)};
}

SettingsStep giveUp(SettingsWork work, const std::string& note) {
  work.given_up = true;
  return waitUntil(std::move(work), SettingsWork::kNever, note);
}

SettingsStep orderNow(SettingsWork work, std::int64_t now) {
  work.look_at = now + kLookNs;
  work.ordered_at = now;
  work.tries += 1;
  work.given_up = false;
  work.note.clear();
  return {true, false, std::move(work)};
}

// The order before was for the same and has ended, or is gone.
SettingsStep again(const SettingsWork& work, const std::optional<store::Command>& command, std::int64_t now) {
  if (!command) return orderNow(work, now);
  if (command->state == CommandState::kSucceeded && now < command->state_since + kTellingNs)
    return waitUntil(work, command->state_since + kTellingNs, "");
  const std::string reason = reasonOf(*command);
  if (command->state == CommandState::kRefused || command->state == CommandState::kCancelled)
    return giveUp(work, reason);
  if (command->state == CommandState::kExpired) {  // the machine was away: that is no try
    SettingsWork untried = work;
    untried.tries = std::max<std::int64_t>(work.tries - 1, 0);
    return orderNow(std::move(untried), now);
  }
  if (work.tries >= kMostSettingsTries)
    return giveUp(work, "given up after " + std::to_string(work.tries) + " tries: " + reason);
  const auto pause = kPausesS[static_cast<std::size_t>(std::max<std::int64_t>(work.tries - 1, 0))];
  const std::int64_t at = command->state_since + pause * kSecondNs;
  if (now < at) return waitUntil(work, at, "will be tried again: " + reason);
  return orderNow(work, now);
}

}  // namespace

SettingsStep nextStep(const SettingsWork& before, const std::string& patch, const std::string& seen,
                      const std::optional<store::Command>& command, std::int64_t now) {
  const bool running = underWay(command);
  if (patch.empty()) {
    SettingsStep done;
    done.withdraw = running && withdrawable(*command);
    done.work.managed = before.managed;
    done.work.ordered_at = before.ordered_at;
    done.work.look_at = running && !done.withdraw ? now + kLookNs : SettingsWork::kNever;
    if (running && !done.withdraw) done.work.command_id = before.command_id;
    return done;
  }
  SettingsWork work = before;
  work.wish = patch + ":" + seen;
  const bool same_patch = before.wish.starts_with(patch + ":");
  if (running && (same_patch || !withdrawable(*command))) {
    if (!same_patch) work.wish = before.wish;
    return waitUntil(std::move(work), now + kLookNs,
                     command->state == CommandState::kAwaitingApproval ? "waits for a second person" : "");
  }
  const bool same = same_patch && (before.wish == work.wish || !before.given_up);
  if (same && before.given_up) return giveUp(std::move(work), before.note);
  if (same && before.tries > 0) return again(work, command, now);
  if (!running && before.ordered_at > 0 && now < before.ordered_at + kBetweenNs) {
    work.wish = before.wish;
    return waitUntil(std::move(work), before.ordered_at + kBetweenNs, "");
  }
  work.tries = 0;
  SettingsStep step = orderNow(std::move(work), now);
  step.withdraw = running;
  return step;
}

}  // namespace redflag::services
