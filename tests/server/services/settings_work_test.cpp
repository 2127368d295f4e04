#include "services/settings_work.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace redflag::testing {
namespace {

using store::CommandState;
using store::SettingsWork;

class SettingsOrder : public ::testing::Test {
 protected:
  // A round; what it says is stored, as the keeper does it.
  services::SettingsStep look(const std::string& patch = "patch", const std::string& seen = "seen") {
    auto step = services::nextStep(work, patch, seen, command, now);
    work = step.work;
    if (step.order) {
      work.command_id = "command";
      become(CommandState::kQueued);
      ++orders;
    }
    return step;
  }
  void become(CommandState state, const std::string& text = "") {
    command.emplace();
    command->id = "command";
    command->state = state;
    command->state_since = now;
    command->reason = {"code", text};
  }
  void pass(std::int64_t seconds) { now += seconds * kSecondNs; }

  SettingsWork work;
  std::optional<store::Command> command;
  std::int64_t now = 1'000'000 * kSecondNs;
  int orders = 0;
};

TEST_F(SettingsOrder, is_given_once_while_it_is_under_way) {
  EXPECT_TRUE(look().order);
  for (const auto state :
       {CommandState::kQueued, CommandState::kDelivered, CommandState::kAccepted, CommandState::kRunning}) {
    become(state);
    pass(100);
    EXPECT_FALSE(look().order) << store::name(state);
    EXPECT_GT(work.look_at, now);
  }
  become(CommandState::kAwaitingApproval);
  EXPECT_FALSE(look().order);
  EXPECT_EQ(work.note, "waits for a second person");
  EXPECT_EQ(orders, 1);
}

TEST_F(SettingsOrder, is_over_when_nothing_differs_any_more) {
  look();
  become(CommandState::kSucceeded);
  look("");
  EXPECT_EQ(work.look_at, SettingsWork::kNever);
  EXPECT_EQ(work.command_id + work.wish + work.note, "");
  EXPECT_EQ(work.tries, 0);
}

TEST_F(SettingsOrder, is_not_repeated_when_the_agent_refused) {
  look();
  become(CommandState::kRefused, "mode is not the server's to set");
  pass(60);
  EXPECT_FALSE(look().order);
  EXPECT_TRUE(work.given_up);
  EXPECT_EQ(work.note, "mode is not the server's to set");
  EXPECT_EQ(work.look_at, SettingsWork::kNever);
  pass(10 * 86'400);
  EXPECT_FALSE(look().order);
  EXPECT_TRUE(look("patch", "something else").order) << "the machine has changed";
  become(CommandState::kRefused);
  EXPECT_FALSE(look("patch", "something else").order);
  pass(60);
  EXPECT_TRUE(look("another patch", "something else").order) << "the wish has changed";
}

TEST_F(SettingsOrder, is_not_repeated_when_a_person_cancelled_it) {
  look();
  become(CommandState::kCancelled, "cancelled by ada");
  pass(60);
  EXPECT_FALSE(look().order);
  EXPECT_TRUE(work.given_up);
}

TEST_F(SettingsOrder, is_tried_again_with_growing_pauses_and_not_for_ever) {
  look();
  std::vector<std::int64_t> pauses_s;
  for (int round = 0; round < 20 && !work.given_up; ++round) {
    become(CommandState::kFailed, "no room on the disk");
    const std::int64_t failed_at = now;
    ASSERT_FALSE(look().order);
    if (work.given_up) break;
    EXPECT_EQ(work.note, "will be tried again: no room on the disk");
    now = work.look_at - 1;
    EXPECT_FALSE(look().order);
    now = work.look_at;
    EXPECT_TRUE(look().order);
    pauses_s.push_back((now - failed_at) / kSecondNs);
  }
  EXPECT_EQ(pauses_s, (std::vector<std::int64_t>{60, 300, 1'800, 7'200, 43'200}));
  EXPECT_EQ(orders, services::kMostSettingsTries);
  EXPECT_EQ(work.note, "given up after 6 tries: no room on the disk");
}

TEST_F(SettingsOrder, that_expired_is_given_again_and_counts_as_no_try) {
  look();
  for (int i = 0; i < 20; ++i) {
    become(CommandState::kExpired);
    pass(60);
    EXPECT_TRUE(look().order);
    EXPECT_EQ(work.tries, 1);
  }
}

TEST_F(SettingsOrder, that_succeeded_has_two_minutes_to_be_seen) {
  look();
  become(CommandState::kSucceeded);
  pass(60);
  EXPECT_FALSE(look().order);
  EXPECT_EQ(work.look_at, now + 60 * kSecondNs);
  pass(60);
  EXPECT_TRUE(look().order) << "a minute's pause is over, too";
  become(CommandState::kSucceeded);
  pass(120);
  EXPECT_FALSE(look().order);
  EXPECT_EQ(work.note, "will be tried again: the agent took it and still tells another value");
}

TEST_F(SettingsOrder, another_wish_withdraws_what_no_agent_has_in_hands) {
  look();
  const auto other = look("other");
  EXPECT_TRUE(other.withdraw);
  EXPECT_TRUE(other.order);
  become(CommandState::kRunning);
  EXPECT_FALSE(look("third").order);
  EXPECT_FALSE(look("third").withdraw);
  become(CommandState::kSucceeded);
  pass(20);
  EXPECT_TRUE(look("third").order);
  const auto nothing = look("");
  EXPECT_TRUE(nothing.withdraw);
  EXPECT_FALSE(nothing.order);
}

TEST_F(SettingsOrder, never_follows_another_within_seconds) {
  look();
  become(CommandState::kSucceeded);
  look("");
  EXPECT_FALSE(look("flapping").order);
  EXPECT_EQ(work.look_at, now + 15 * kSecondNs);
  pass(15);
  EXPECT_TRUE(look("flapping").order);
}

TEST_F(SettingsOrder, is_tried_anew_when_somebody_has_saved_the_profile_again) {
  look();
  become(CommandState::kRefused);
  look();
  ASSERT_TRUE(work.given_up);
  work.given_up = false;  // as Profiles::lookAgain() does
  work.tries = 0;
  pass(60);
  EXPECT_TRUE(look().order);
}

}  // namespace
}  // namespace redflag::testing
