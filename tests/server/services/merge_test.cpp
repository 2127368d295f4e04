// What a scan means, as a table: every state a known update can be in, against every way a scan can speak of
// it.
#include <gtest/gtest.h>

#include "services/scan_merge.h"

namespace redflag::services {
namespace {

using store::KnownUpdate;
using store::UpdateState;

KnownUpdate known(UpdateState state) {
  KnownUpdate update;
  update.id = "u";
  update.scope = "main";
  update.manager = "apt";
  update.key = "nginx:amd64";
  update.name = "nginx";
  update.candidate_version = "1.1";
  update.installed_version = "1.0";
  update.digest = "d";
  update.listed = true;
  update.state = state;
  update.command_id = "c";
  update.install_boot_id = "boot-1";
  return update;
}

FoundUpdate found(const std::string& candidate = "1.1", const std::string& installed = "1.0",
                  const std::string& scope = "main") {
  FoundUpdate update;
  update.scope = scope;
  update.digest = "d";
  update.record.manager = "apt";
  update.record.key = "nginx:amd64";
  update.record.name = "nginx";
  update.record.candidate_version = candidate;
  update.record.installed_version = installed;
  return update;
}

MergeInput scan(UpdateState state, bool verify) {
  MergeInput input;
  input.verify = verify;
  input.command_id = verify ? "c" : "";
  input.boot_id = "boot-2";
  input.scopes = {{"main", true}};
  input.known = {known(state)};
  return input;
}

// The state after the decision.
UpdateState after(const MergeInput& input) {
  const auto decision = decideMerge(input);
  for (const auto& change : decision.advanced) {
    if (change.update_id == "u") return store::after(change.from, change.event).value();
  }
  return input.known.front().state;
}

struct Case {
  UpdateState before;
  UpdateState listed;
  UpdateState gone;
  UpdateState replaced;  // another version is offered
  UpdateState verify_listed;
  UpdateState verify_gone;
};

class MergeTable : public ::testing::TestWithParam<Case> {};

using S = UpdateState;

TEST_P(MergeTable, moves_a_row_as_written) {
  const Case& c = GetParam();
  const auto name = store::name(c.before);
  auto listed = scan(c.before, false);
  listed.found = {found()};
  EXPECT_EQ(after(listed), c.listed) << name << " listed";
  EXPECT_EQ(after(scan(c.before, false)), c.gone) << name << " gone";
  auto replaced = scan(c.before, false);
  replaced.found = {found("1.2")};
  EXPECT_EQ(after(replaced), c.replaced) << name << " replaced";
  auto verify_listed = scan(c.before, true);
  verify_listed.found = {found()};
  EXPECT_EQ(after(verify_listed), c.verify_listed) << name << " listed by verify";
  EXPECT_EQ(after(scan(c.before, true)), c.verify_gone) << name << " gone in verify";
}

INSTANTIATE_TEST_SUITE_P(
    EveryState, MergeTable,
    ::testing::Values(
        Case{S::kAvailable, S::kAvailable, S::kResolvedElsewhere, S::kSuperseded, S::kAvailable,
             S::kResolvedElsewhere},
        Case{S::kApproved, S::kApproved, S::kResolvedElsewhere, S::kApproved, S::kApproved,
             S::kResolvedElsewhere},
        Case{S::kPlanned, S::kPlanned, S::kResolvedElsewhere, S::kPlanned, S::kPlanned,
             S::kResolvedElsewhere},
        Case{S::kAwaitingConfirmation, S::kAwaitingConfirmation, S::kResolvedElsewhere,
             S::kAwaitingConfirmation, S::kAwaitingConfirmation, S::kResolvedElsewhere},
        Case{S::kInstalling, S::kInstalling, S::kInstalling, S::kInstalling, S::kInstalling, S::kInstalling},
        Case{S::kInstalled, S::kInstalled, S::kInstalled, S::kInstalled, S::kFailed, S::kVerified},
        Case{S::kAwaitingReboot, S::kAwaitingReboot, S::kAwaitingReboot, S::kAwaitingReboot, S::kFailed,
             S::kVerified},
        Case{S::kVerified, S::kFailed, S::kVerified, S::kVerified, S::kFailed, S::kVerified},
        Case{S::kFailed, S::kFailed, S::kResolvedElsewhere, S::kSuperseded, S::kFailed,
             S::kResolvedElsewhere},
        Case{S::kSuperseded, S::kAvailable, S::kSuperseded, S::kSuperseded, S::kAvailable, S::kSuperseded},
        Case{S::kResolvedElsewhere, S::kAvailable, S::kResolvedElsewhere, S::kResolvedElsewhere,
             S::kAvailable, S::kResolvedElsewhere}),
    [](const auto& row) { return store::name(row.param.before); });

TEST(Merge, an_incomplete_scope_closes_nothing) {
  for (int state = 0; state < store::kUpdateStates; ++state) {
    for (const bool verify : {false, true}) {
      auto input = scan(static_cast<S>(state), verify);
      input.scopes = {{"main", false}};
      EXPECT_TRUE(decideMerge(input).empty()) << store::name(static_cast<S>(state));
    }
  }
}

TEST(Merge, a_part_of_a_scope_that_failed_holds_back_its_own_rows_alone) {
  for (int state = 0; state < store::kUpdateStates; ++state) {
    for (const bool verify : {false, true}) {
      auto input = scan(static_cast<S>(state), verify);
      input.known[0].scope = "hub";
      for (const auto* key : {"hub/team/app:1", "hub/team/app:1@sha256:0", "hub/team/app:1 newer"}) {
        input.known[0].key = key;
        for (const auto* part : {"hub/team/app", "hub/team/app:1"}) {
          input.scopes = {{"hub", true}, {part, false}};
          EXPECT_TRUE(decideMerge(input).empty()) << store::name(static_cast<S>(state)) << key << part;
        }
      }
    }
  }
  for (const auto* key : {"hub/team/app:1.2", "hub/team/app:2", "hub/team/app:1-alpine"}) {
    auto input = scan(S::kInstalled, true);
    input.scopes = {{"hub", true}, {"hub/team/app:1", false}};
    input.known[0].scope = "hub";
    input.known[0].key = key;
    EXPECT_EQ(after(input), S::kVerified) << key << ": another tag";
  }
  for (const auto* key : {"hub/team/app-two:1", "hub/team/app/more:1", "hub/team:1", "nginx:1"}) {
    auto input = scan(S::kInstalled, true);
    input.scopes = {{"hub", true}, {"hub/team/app", false}};
    input.known[0].scope = "hub";
    input.known[0].key = key;
    EXPECT_EQ(after(input), S::kVerified) << key;
  }
}

TEST(Merge, a_scope_that_failed_and_is_no_part_of_another_holds_nothing_of_it_back) {
  for (const auto* failed : {"nginx", "main-extra/nginx", "other/nginx"}) {
    auto input = scan(S::kInstalled, true);
    input.scopes = {{"main", true}, {failed, false}};
    EXPECT_EQ(after(input), S::kVerified) << failed;
  }
  auto input = scan(S::kInstalled, true);
  input.scopes = {{"main", true}, {"main/nginx", true}};
  input.known[0].key = "main/nginx:1";
  EXPECT_EQ(after(input), S::kVerified) << "a part that was complete";
}

TEST(Merge, a_scope_that_was_not_scanned_is_left_alone) {
  auto input = scan(S::kAvailable, false);
  input.scopes = {{"security", true}};
  EXPECT_TRUE(decideMerge(input).empty());
}

TEST(Merge, a_scope_that_no_longer_exists_lists_nothing) {
  auto input = scan(S::kAvailable, false);
  input.scopes = {{"security", true}};
  input.vanished_scopes = {"main"};
  EXPECT_EQ(after(input), S::kResolvedElsewhere);
}

TEST(Merge, an_incomplete_scope_adds_what_is_new) {
  auto input = scan(S::kAvailable, false);
  input.scopes = {{"main", false}};
  input.found = {found("1.2")};
  const auto decision = decideMerge(input);
  EXPECT_EQ(decision.added.size(), 1U);
  EXPECT_TRUE(decision.advanced.empty());
}

TEST(Merge, an_offer_that_moves_to_another_scope_keeps_its_work_in_flight) {
  auto input = scan(S::kInstalled, true);
  input.scopes = {{"main", true}, {"security", true}};
  input.found = {found("1.1", "1.0", "security")};
  const auto decision = decideMerge(input);
  EXPECT_TRUE(decision.added.empty());
  ASSERT_EQ(decision.refreshed.size(), 1U);
  // It is still offered: being gone from the old scope proves nothing.
  EXPECT_EQ(after(input), S::kFailed);
}

TEST(Merge, an_install_is_not_proven_by_an_offer_that_was_withdrawn) {
  auto input = scan(S::kInstalled, true);
  input.installed[{"apt", "nginx:amd64"}] = "1.0";
  EXPECT_EQ(after(input), S::kFailed);
  input.installed[{"apt", "nginx:amd64"}] = "1.1";
  EXPECT_EQ(after(input), S::kVerified);
}

TEST(Merge, a_newer_offer_tells_which_version_is_installed) {
  auto input = scan(S::kInstalled, true);
  input.found = {found("1.2", "1.1")};
  EXPECT_EQ(after(input), S::kVerified);
  input.found = {found("1.2", "1.0")};
  EXPECT_EQ(after(input), S::kFailed);
}

TEST(Merge, what_needs_a_reboot_is_proven_only_after_it) {
  auto input = scan(S::kAwaitingReboot, true);
  input.known[0].reboot_required = true;
  input.boot_id = "boot-1";
  EXPECT_EQ(after(input), S::kAwaitingReboot);
  input.boot_id = "boot-2";
  EXPECT_EQ(after(input), S::kVerified);
}

TEST(Merge, a_proof_that_is_quicker_than_its_result_is_kept_for_it) {
  auto input = scan(S::kInstalling, true);
  auto decision = decideMerge(input);
  ASSERT_EQ(decision.proofs.size(), 1U);
  EXPECT_EQ(decision.proofs[0].seen, "gone");
  input.found = {found()};
  decision = decideMerge(input);
  ASSERT_EQ(decision.proofs.size(), 1U);
  EXPECT_EQ(decision.proofs[0].seen, "listed");
  input.command_id = "another order's scan";
  EXPECT_TRUE(decideMerge(input).proofs.empty());
}

TEST(Merge, a_row_listed_twice_is_one_row) {
  auto input = scan(S::kAvailable, false);
  input.found = {found(), found()};
  const auto decision = decideMerge(input);
  EXPECT_TRUE(decision.added.empty());
  EXPECT_TRUE(decision.advanced.empty());
  input.known.clear();
  EXPECT_EQ(decideMerge(input).added.size(), 1U) << "a new one, too";
}

TEST(Merge, a_row_that_moved_and_is_listed_twice_is_one_row) {
  auto input = scan(S::kApproved, false);
  input.scopes["other"] = true;
  input.found = {found("1.1", "1.0", "other"), found("1.1", "1.0", "other")};
  const auto decision = decideMerge(input);
  EXPECT_EQ(decision.refreshed.size(), 1U);
  EXPECT_TRUE(decision.added.empty());
}

TEST(Merge, a_changed_row_is_refreshed_and_keeps_its_state) {
  auto input = scan(S::kApproved, false);
  input.found = {found()};
  input.found[0].digest = "other";
  const auto decision = decideMerge(input);
  EXPECT_EQ(decision.refreshed.size(), 1U);
  EXPECT_TRUE(decision.advanced.empty());
}

}  // namespace
}  // namespace redflag::services
