#include "store/command_life.h"

#include <array>

namespace redflag::store {
namespace {

using S = CommandState;
constexpr auto kNo = static_cast<S>(-1);

constexpr auto Aw = S::kAwaitingApproval;
constexpr auto Sc = S::kScheduled;
constexpr auto Qu = S::kQueued;
constexpr auto De = S::kDelivered;
constexpr auto Ac = S::kAccepted;
constexpr auto Ru = S::kRunning;
constexpr auto Ok = S::kSucceeded;
constexpr auto Fa = S::kFailed;
constexpr auto Re = S::kRefused;
constexpr auto Ex = S::kExpired;
constexpr auto Ca = S::kCancelled;
constexpr auto Lo = S::kLost;

// clang-format off
constexpr std::array<std::array<S, kCommandStates>, kCommandEvents> kLife = {{
    // awaiting scheduled queued delivered accepted running succeeded failed refused expired cancelled lost
    {Aw, Qu, Qu, De, Ac, Ru, Ok, Fa, Re, Ex, Ca, Lo},            // due
    {kNo, kNo, De, De, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo},  // fetched
    {kNo, kNo, Ac, Ac, Ac, Ru, Ok, Fa, Re, Ac, Ca, Ac},          // accepted (before it expired, reported late)
    {kNo, kNo, Ru, Ru, Ru, Ru, Ok, Fa, Re, Ru, Ca, Ru},          // running
    {kNo, kNo, Ok, Ok, Ok, Ok, Ok, Fa, Re, Ok, Ca, Ok},          // succeeded
    {kNo, kNo, Fa, Fa, Fa, Fa, Ok, Fa, Re, Fa, Ca, Fa},          // failed
    {kNo, kNo, Re, Re, Re, Re, Ok, Fa, Re, Re, Ca, Re},          // refused
    {kNo, kNo, Ca, Ca, Ca, Ca, Ok, Fa, Re, Ca, Ca, Ca},          // cancelled by agent
    {Ca, Ca, Ca, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Ca, kNo},    // cancelled
    {Ex, Ex, Ex, Ex, kNo, kNo, kNo, kNo, kNo, Ex, kNo, kNo},     // overdue
    {kNo, kNo, kNo, kNo, Lo, Lo, kNo, kNo, kNo, kNo, kNo, Lo},   // silence
    {Sc, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // approved
    {Ca, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // declined
    {kNo, Sc, Sc, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // withheld
    {kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Ex, kNo, Ex}, // given up
}};
// clang-format on

constexpr std::array<const char*, kCommandStates> kStateNames = {
    "awaiting_approval", "scheduled", "queued",  "delivered", "accepted",  "running",
    "succeeded",         "failed",    "refused", "expired",   "cancelled", "lost"};

constexpr std::array<const char*, kCommandEvents> kEventNames = {
    "due",       "fetched", "accepted", "running",  "succeeded", "failed",   "refused", "cancelled_by_agent",
    "cancelled", "overdue", "silence",  "approved", "declined",  "withheld", "given_up"};

}  // namespace

std::optional<CommandState> after(CommandState state, CommandEvent event) {
  const S next = kLife.at(static_cast<std::size_t>(event)).at(static_cast<std::size_t>(state));
  if (next == kNo) return std::nullopt;
  return next;
}

bool finished(CommandState state) {
  switch (state) {
    case S::kSucceeded:
    case S::kFailed:
    case S::kRefused:
    case S::kExpired:
    case S::kCancelled:
      return true;
    default:
      return false;
  }
}

const char* name(CommandState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}
const char* name(CommandEvent event) {
  return kEventNames.at(static_cast<std::size_t>(event));
}

std::optional<CommandState> commandState(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<CommandState>(i);
  }
  return std::nullopt;
}

}  // namespace redflag::store
