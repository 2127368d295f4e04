#include "store/command_life.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace redflag::store {
namespace {

using E = CommandEvent;
using S = CommandState;

std::vector<S> every() {
  std::vector<S> all;
  for (int i = 0; i < kCommandStates; ++i)
    all.push_back(static_cast<S>(i));
  return all;
}

const std::set<S> kFinal = {S::kSucceeded, S::kFailed, S::kRefused, S::kCancelled};
// Where an agent may speak of a command: it was handed to it, or may have been before a restore.
const std::set<S> kSpokenOf = {S::kQueued, S::kDelivered, S::kAccepted, S::kRunning, S::kExpired, S::kLost};

// What the agent reports leads to, wherever it may be reported.
const std::map<E, S> kReports = {{E::kAccepted, S::kAccepted},   {E::kRunning, S::kRunning},
                                 {E::kSucceeded, S::kSucceeded}, {E::kFailed, S::kFailed},
                                 {E::kRefused, S::kRefused},     {E::kCancelledByAgent, S::kCancelled}};

// What the server does by itself: exactly these.
const std::map<E, std::map<S, S>> kOwn = {
    {E::kDue, {{S::kScheduled, S::kQueued}}},
    {E::kFetched, {{S::kQueued, S::kDelivered}, {S::kDelivered, S::kDelivered}}},
    {E::kCancelled,
     {{S::kAwaitingApproval, S::kCancelled},
      {S::kScheduled, S::kCancelled},
      {S::kQueued, S::kCancelled},
      {S::kCancelled, S::kCancelled}}},
    {E::kOverdue,
     {{S::kAwaitingApproval, S::kExpired},
      {S::kScheduled, S::kExpired},
      {S::kQueued, S::kExpired},
      {S::kDelivered, S::kExpired},
      {S::kExpired, S::kExpired}}},
    {E::kSilence, {{S::kAccepted, S::kLost}, {S::kRunning, S::kLost}, {S::kLost, S::kLost}}},
    {E::kApproved, {{S::kAwaitingApproval, S::kScheduled}}},
    {E::kDeclined, {{S::kAwaitingApproval, S::kCancelled}}},
    {E::kWithheld, {{S::kScheduled, S::kScheduled}, {S::kQueued, S::kScheduled}}},
    {E::kGivenUp, {{S::kLost, S::kExpired}, {S::kExpired, S::kExpired}}},
};

std::optional<S> expectedReport(S state, E event) {
  if (state == S::kAwaitingApproval || state == S::kScheduled) return std::nullopt;
  if (kFinal.contains(state)) return state;
  // "accepted" that comes after "running" does not go back.
  if (event == E::kAccepted && state == S::kRunning) return state;
  return kReports.at(event);
}

TEST(CommandLife, is_what_the_rules_say_in_every_state_for_every_event) {
  ASSERT_EQ(kReports.size() + kOwn.size(), static_cast<std::size_t>(kCommandEvents));
  for (const S state : every()) {
    for (const auto& [event, target] : kReports) {
      EXPECT_EQ(after(state, event), expectedReport(state, event)) << name(state) << " + " << name(event);
    }
    for (const auto& [event, moves] : kOwn) {
      std::optional<S> expected;
      if (const auto it = moves.find(state); it != moves.end()) expected = it->second;
      // Being due a second time is no error.
      if (event == E::kDue && state != S::kScheduled) expected = state;
      EXPECT_EQ(after(state, event), expected) << name(state) << " + " << name(event);
    }
  }
}

TEST(CommandLife, a_result_is_never_taken_back) {
  for (const S state : kFinal) {
    for (int event = 0; event < kCommandEvents; ++event) {
      const auto next = after(state, static_cast<E>(event));
      EXPECT_EQ(next.value_or(state), state) << name(state) << " + " << name(static_cast<E>(event));
    }
  }
}

TEST(CommandLife, a_late_result_counts_wherever_the_agent_may_have_had_the_order) {
  for (const S state : kSpokenOf)
    EXPECT_EQ(after(state, E::kSucceeded), S::kSucceeded) << name(state);
}

TEST(CommandLife, the_server_takes_back_only_what_no_agent_was_handed) {
  for (const S state : every()) {
    const auto next = after(state, E::kCancelled);
    if (next && *next != state) {
      EXPECT_TRUE(state == S::kAwaitingApproval || state == S::kScheduled || state == S::kQueued)
          << name(state);
    }
  }
}

TEST(CommandLife, nothing_but_a_second_person_lets_out_what_waits_for_one) {
  for (int event = 0; event < kCommandEvents; ++event) {
    const auto next = after(S::kAwaitingApproval, static_cast<E>(event));
    const bool let_out = next && *next != S::kAwaitingApproval && !finished(*next);
    EXPECT_EQ(let_out, static_cast<E>(event) == E::kApproved) << name(static_cast<E>(event));
  }
  for (const S state : every()) {
    if (state == S::kAwaitingApproval) continue;
    EXPECT_FALSE(after(state, E::kApproved)) << name(state);
    EXPECT_FALSE(after(state, E::kDeclined)) << name(state);
  }
}

TEST(CommandLife, every_state_has_a_name_of_its_own) {
  for (const S state : every())
    EXPECT_EQ(commandState(name(state)), state);
}

}  // namespace
}  // namespace redflag::store
