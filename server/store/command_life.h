#pragma once
// The life of a command, as one table. The store writes each change guarded by the state it left, with time,
// actor and reason.
//
//   (awaiting_approval →) scheduled → queued → delivered → accepted → running → succeeded | failed | refused
//   | cancelled
// awaiting_approval: a policy asks for a second person; no agent knows of it. expired: nobody approved or
// accepted it in time, or nobody waits any longer for word of one that is lost. lost: silence after it was
// accepted. A late result of either still counts. A report may skip states, because the agent's spool may
// have coalesced them or the server may have been restored from a backup.

#include <optional>
#include <string_view>

namespace redflag::store {

enum class CommandState {
  kAwaitingApproval,
  kScheduled,
  kQueued,
  kDelivered,
  kAccepted,
  kRunning,
  kSucceeded,
  kFailed,
  kRefused,
  kExpired,
  kCancelled,
  kLost,
};
constexpr int kCommandStates = 12;

enum class CommandEvent {
  kDue,
  kFetched,   // the agent was handed the signed envelope
  kAccepted,  // this and the next five: the agent says so
  kRunning,
  kSucceeded,
  kFailed,
  kRefused,
  kCancelledByAgent,
  kCancelled,  // by a person, before the agent was handed anything
  kOverdue,    // past its expiry
  kSilence,
  kApproved,  // this and the next one: by a second person
  kDeclined,
  kWithheld,  // its window is closed (again), and no agent was handed it
  kGivenUp,   // it is lost, and nobody waits for word of it any longer
};
constexpr int kCommandEvents = 15;

// The state after the event; the same one when the event changes nothing (a repeated report); nullopt when it
// must not happen there.
std::optional<CommandState> after(CommandState state, CommandEvent event);

bool finished(CommandState state);  // no work is expected any more (lost is not finished)

const char* name(CommandState state);
const char* name(CommandEvent event);
std::optional<CommandState> commandState(std::string_view name);

}  // namespace redflag::store
