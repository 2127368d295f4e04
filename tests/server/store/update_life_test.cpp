// The whole table, said a second time in another shape: for each event, which states it moves and where to.
// Any cell that is changed on one side alone fails.
#include "store/update_life.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace redflag::store {
namespace {

using E = UpdateEvent;
using S = UpdateState;

const std::set<S> kEveryState = [] {
  std::set<S> all;
  for (int i = 0; i < kUpdateStates; ++i)
    all.insert(static_cast<S>(i));
  return all;
}();

struct Rule {
  std::map<S, S> moves;
  std::set<S> stays;  // allowed, and without effect; in every other state the event is impossible
};

const std::map<E, Rule> kRules = {
    {E::kListed,
     {{{S::kVerified, S::kFailed}, {S::kSuperseded, S::kAvailable}, {S::kResolvedElsewhere, S::kAvailable}},
      {S::kAvailable, S::kApproved, S::kPlanned, S::kAwaitingConfirmation, S::kInstalling, S::kInstalled,
       S::kAwaitingReboot, S::kFailed, S::kIgnored, S::kCleared}}},
    {E::kGone,
     {{{S::kAvailable, S::kResolvedElsewhere},
       {S::kApproved, S::kResolvedElsewhere},
       {S::kPlanned, S::kResolvedElsewhere},
       {S::kAwaitingConfirmation, S::kResolvedElsewhere},
       {S::kFailed, S::kResolvedElsewhere},
       {S::kIgnored, S::kResolvedElsewhere},
       {S::kCleared, S::kResolvedElsewhere}},
      {S::kInstalling, S::kInstalled, S::kAwaitingReboot, S::kVerified, S::kSuperseded,
       S::kResolvedElsewhere}}},
    {E::kNewerOffered,
     {{{S::kAvailable, S::kSuperseded},
       {S::kFailed, S::kSuperseded},
       {S::kIgnored, S::kSuperseded},
       {S::kCleared, S::kSuperseded}},
      {S::kApproved, S::kPlanned, S::kAwaitingConfirmation, S::kInstalling, S::kInstalled, S::kAwaitingReboot,
       S::kVerified, S::kSuperseded, S::kResolvedElsewhere}}},
    {E::kApproved,
     {{{S::kAvailable, S::kApproved}, {S::kFailed, S::kApproved}, {S::kCleared, S::kApproved}}, {}}},
    {E::kWithdrawn,
     {{{S::kApproved, S::kAvailable},
       {S::kPlanned, S::kAvailable},
       {S::kAwaitingConfirmation, S::kAvailable},
       {S::kInstalling, S::kAvailable},
       {S::kCleared, S::kAvailable}},
      {}}},
    {E::kPlanCovered, {{{S::kApproved, S::kPlanned}}, {}}},
    {E::kPlanExceeds, {{{S::kApproved, S::kAwaitingConfirmation}}, {}}},
    {E::kConfirmed, {{{S::kAwaitingConfirmation, S::kPlanned}}, {}}},
    {E::kInstallStarted,
     {{{S::kPlanned, S::kInstalling}, {S::kFailed, S::kInstalling}, {S::kIgnored, S::kInstalling}}, {}}},
    {E::kInstallDone,
     {{{S::kPlanned, S::kInstalled},
       {S::kInstalling, S::kInstalled},
       {S::kFailed, S::kInstalled},
       {S::kIgnored, S::kInstalled}},
      {}}},
    {E::kRebootNeeded, {{{S::kInstalled, S::kAwaitingReboot}}, {}}},
    {E::kProven,
     {{{S::kAvailable, S::kResolvedElsewhere},
       {S::kApproved, S::kResolvedElsewhere},
       {S::kPlanned, S::kResolvedElsewhere},
       {S::kAwaitingConfirmation, S::kResolvedElsewhere},
       {S::kFailed, S::kResolvedElsewhere},
       {S::kIgnored, S::kResolvedElsewhere},
       {S::kCleared, S::kResolvedElsewhere},
       {S::kInstalled, S::kVerified},
       {S::kAwaitingReboot, S::kVerified}},
      {S::kInstalling, S::kVerified, S::kSuperseded, S::kResolvedElsewhere}}},
    {E::kDisproven,
     {{{S::kInstalled, S::kFailed},
       {S::kAwaitingReboot, S::kFailed},
       {S::kVerified, S::kFailed},
       {S::kSuperseded, S::kAvailable},
       {S::kResolvedElsewhere, S::kAvailable}},
      {S::kAvailable, S::kApproved, S::kPlanned, S::kAwaitingConfirmation, S::kInstalling, S::kFailed,
       S::kIgnored, S::kCleared}}},
    {E::kFailed,
     {{{S::kApproved, S::kFailed},
       {S::kPlanned, S::kFailed},
       {S::kAwaitingConfirmation, S::kFailed},
       {S::kInstalling, S::kFailed},
       {S::kInstalled, S::kFailed},
       {S::kAwaitingReboot, S::kFailed}},
      {}}},
    {E::kIgnored,
     {{{S::kAvailable, S::kIgnored}, {S::kFailed, S::kIgnored}, {S::kCleared, S::kIgnored}}, {S::kIgnored}}},
    {E::kUnignored, {{{S::kIgnored, S::kAvailable}}, {}}},
    {E::kCleared, {{{S::kAvailable, S::kCleared}, {S::kFailed, S::kCleared}}, {}}},
    {E::kRolledBack,
     {{{S::kInstalled, S::kAvailable},
       {S::kAwaitingReboot, S::kAvailable},
       {S::kVerified, S::kAvailable},
       {S::kFailed, S::kAvailable},
       {S::kResolvedElsewhere, S::kAvailable},
       {S::kCleared, S::kAvailable}},
      {S::kAvailable, S::kSuperseded, S::kIgnored}}},
    {E::kPassedOn, {{}, {S::kApproved, S::kPlanned}}},
};

TEST(UpdateLife, is_what_the_rules_say_in_every_state_for_every_event) {
  ASSERT_EQ(kRules.size(), static_cast<std::size_t>(kUpdateEvents));
  for (const auto& [event, rule] : kRules) {
    for (const S state : kEveryState) {
      const auto moved = rule.moves.find(state);
      std::optional<S> expected;
      if (moved != rule.moves.end()) expected = moved->second;
      if (rule.stays.contains(state)) expected = state;
      EXPECT_EQ(after(state, event), expected) << name(state) << " + " << name(event);
    }
  }
}

TEST(UpdateLife, only_a_proof_verifies) {
  for (const auto& [event, rule] : kRules) {
    for (const S state : kEveryState) {
      if (state != S::kVerified && after(state, event) == S::kVerified) {
        EXPECT_EQ(event, E::kProven) << name(state);
      }
    }
  }
}

TEST(UpdateLife, nothing_is_verified_that_was_not_installed) {
  for (const S state : kEveryState) {
    if (after(state, E::kProven) == S::kVerified) {
      EXPECT_TRUE(state == S::kInstalled || state == S::kAwaitingReboot || state == S::kVerified)
          << name(state);
    }
  }
}

TEST(UpdateLife, a_scan_never_takes_back_an_install_that_is_under_way) {
  for (const E event : {E::kListed, E::kGone, E::kNewerOffered}) {
    for (const S state : {S::kInstalling, S::kInstalled, S::kAwaitingReboot}) {
      EXPECT_EQ(after(state, event), state) << name(state) << " + " << name(event);
    }
  }
}

TEST(UpdateLife, what_is_ignored_gets_no_order_and_what_is_under_way_is_not_ignored) {
  EXPECT_EQ(after(S::kIgnored, E::kApproved), std::nullopt);
  EXPECT_EQ(after(S::kIgnored, E::kCleared), std::nullopt);
  for (const S state : {S::kApproved, S::kPlanned, S::kAwaitingConfirmation, S::kInstalling, S::kInstalled,
                        S::kAwaitingReboot})
    EXPECT_EQ(after(state, E::kIgnored), std::nullopt) << name(state);
}

TEST(UpdateLife, every_state_is_reached_and_has_a_name_of_its_own) {
  std::set<S> reached = {S::kAvailable};
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const S state : std::set<S>(reached)) {
      for (int event = 0; event < kUpdateEvents; ++event) {
        if (const auto next = after(state, static_cast<E>(event))) reached.insert(*next);
      }
    }
  }
  EXPECT_EQ(reached, kEveryState);
  for (const S state : kEveryState)
    EXPECT_EQ(updateState(name(state)), state);
  EXPECT_EQ(updateState("no such state"), std::nullopt);
}

}  // namespace
}  // namespace redflag::store
