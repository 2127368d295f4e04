#pragma once
// The life of one update on one agent, as one table: every change of an update's state is an event that this
// table allows, and the store writes it guarded by the state it left.
//
//   available → approved → planned → installing → installed → (awaiting_reboot) → verified
//       ↘ cleared ↗    ↘ awaiting_confirmation ↗
// cleared: approved, and nobody has ordered it yet. ignored: a rule covers it (rule_life.h); what is under
// way is not ignored, but when it comes back.
// Any work in flight can fail; what nobody works on is closed by a complete scope that no longer lists it.
// Only a scan with purpose `verify` proves an install.

#include <optional>
#include <string>
#include <string_view>

namespace redflag::store {

enum class UpdateState {
  kAvailable,
  kApproved,
  kPlanned,
  kAwaitingConfirmation,
  kInstalling,
  kInstalled,
  kAwaitingReboot,
  kVerified,
  kFailed,
  kSuperseded,
  kResolvedElsewhere,
  kIgnored,
  kCleared,
};
constexpr int kUpdateStates = 13;

enum class UpdateEvent {
  kListed,        // a scan lists it
  kGone,          // a complete scope no longer lists it
  kNewerOffered,  // the same, and another version is offered in its place
  kApproved,      // and ordered
  kWithdrawn,     // the order was cancelled before it changed anything
  kPlanCovered,   // the plan holds nothing but what was approved
  kPlanExceeds,   // the plan holds more: a person must confirm
  kConfirmed,
  kInstallStarted,
  kInstallDone,  // the agent says so; nothing is proven yet
  kRebootNeeded,
  kProven,      // a complete verify scan no longer lists it (after the reboot, if one was needed)
  kDisproven,   // a verify scan still lists it, or the old version is still there
  kFailed,      // the order failed, was refused or expired
  kIgnored,     // a rule covers it
  kUnignored,   // none does any more
  kCleared,     // approved without an order
  kRolledBack,  // the agent has gone back to the version before
  kPassedOn,    // another order carries it out: the one before missed its window
};
constexpr int kUpdateEvents = 19;

// The state after the event: the same one when the event changes nothing; nullopt when it must not happen
// there.
std::optional<UpdateState> after(UpdateState state, UpdateEvent event);

// Closed: it does not count as an open update any more.
bool closed(UpdateState state);

const char* name(UpdateState state);  // "awaiting_confirmation"
const char* name(UpdateEvent event);
std::optional<UpdateState> updateState(std::string_view name);

}  // namespace redflag::store
