#include "breaker/breaker.h"

#include <gmock/gmock.h>

#include <vector>

namespace redflag::kernel {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;
constexpr BreakerRules kRules{3, 100, 24 * 60 * kMinute, 30 * kMinute, 24 * 60 * kMinute, 2};

class Breaker : public ::testing::Test {
 protected:
  // One run by the schedule that ends so; false when the breaker did not let it through.
  bool run(RunClass run_class, bool by_person = false) {
    if (!admit(state_, rules_, by_person, now_)) return false;
    finish(state_, rules_, {run_class, "test.code", "why"}, now_);
    return true;
  }
  void openIt() { ASSERT_TRUE(run(RunClass::kCrash)); }

  BreakerRules rules_ = kRules;
  BreakerState state_;
  std::int64_t now_ = 1'000 * kMinute;
};

TEST_F(Breaker, opens_at_once_on_a_crash_a_hang_or_a_broken_contract) {
  for (const auto run_class : {RunClass::kCrash, RunClass::kHang, RunClass::kBrokenContract}) {
    state_ = {};
    ASSERT_TRUE(run(run_class));
    EXPECT_EQ(state_.phase, BreakerPhase::kOpen) << runClassName(run_class);
    EXPECT_EQ(state_.run_class, runClassName(run_class));
    EXPECT_EQ(state_.code, "test.code");
    EXPECT_EQ(state_.open_until, now_ + 30 * kMinute);
  }
}

TEST_F(Breaker, opens_on_the_third_failure_in_a_row) {
  ASSERT_TRUE(run(RunClass::kFailure));
  ASSERT_TRUE(run(RunClass::kFailure));
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
  ASSERT_TRUE(run(RunClass::kFailure));
  EXPECT_EQ(state_.phase, BreakerPhase::kOpen);
}

TEST_F(Breaker, opens_on_many_failures_in_a_while_with_good_runs_between_them) {
  rules_.window_failures = 4;
  rules_.window_ns = 60 * kMinute;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(run(RunClass::kFailure));
    ASSERT_TRUE(run(RunClass::kOk));
    now_ += 10 * kMinute;
  }
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
  now_ += 45 * kMinute;  // the first two are too long ago now
  ASSERT_TRUE(run(RunClass::kFailure));
  ASSERT_TRUE(run(RunClass::kOk));
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
  ASSERT_TRUE(run(RunClass::kFailure));
  ASSERT_TRUE(run(RunClass::kOk));
  ASSERT_TRUE(run(RunClass::kFailure));
  EXPECT_EQ(state_.phase, BreakerPhase::kOpen);
}

TEST_F(Breaker, does_not_count_failures_of_a_clock_that_was_set_back) {
  rules_.window_failures = 2;
  ASSERT_TRUE(run(RunClass::kFailure));
  now_ -= 600 * kMinute;
  ASSERT_TRUE(run(RunClass::kOk));
  ASSERT_TRUE(run(RunClass::kFailure));
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
}

TEST_F(Breaker, forgets_failures_after_a_good_run) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(run(RunClass::kFailure));
    ASSERT_TRUE(run(RunClass::kFailure));
    ASSERT_TRUE(run(RunClass::kOk));
  }
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
}

TEST_F(Breaker, never_opens_because_there_is_nothing_to_scan) {
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(run(RunClass::kNeutral));
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
}

TEST_F(Breaker, refuses_runs_while_open_and_lets_one_through_afterwards) {
  openIt();
  now_ += 30 * kMinute - 1;
  EXPECT_FALSE(run(RunClass::kOk));
  now_ += 1;
  EXPECT_TRUE(run(RunClass::kOk));
  EXPECT_EQ(state_.phase, BreakerPhase::kHalfOpen);
}

TEST_F(Breaker, refuses_a_second_probe_while_half_open) {
  openIt();
  now_ += 31 * kMinute;
  ASSERT_TRUE(admit(state_, kRules, false, now_));
  EXPECT_FALSE(admit(state_, kRules, false, now_));
  EXPECT_FALSE(admit(state_, kRules, true, now_)) << "nor by a person";
}

TEST_F(Breaker, takes_a_persons_scan_as_the_probe) {
  openIt();
  EXPECT_FALSE(run(RunClass::kOk));
  EXPECT_TRUE(run(RunClass::kOk, true));
  EXPECT_EQ(state_.phase, BreakerPhase::kHalfOpen);
}

TEST_F(Breaker, closes_after_two_good_probes) {
  openIt();
  now_ += 31 * kMinute;
  ASSERT_TRUE(run(RunClass::kOk));
  ASSERT_TRUE(run(RunClass::kOk));
  EXPECT_EQ(state_.phase, BreakerPhase::kClosed);
  EXPECT_EQ(state_.code, "");
}

TEST_F(Breaker, stays_half_open_when_a_probe_says_nothing) {
  openIt();
  now_ += 31 * kMinute;
  ASSERT_TRUE(run(RunClass::kNeutral));
  EXPECT_EQ(state_.phase, BreakerPhase::kHalfOpen);
}

TEST_F(Breaker, doubles_its_wait_up_to_a_day_and_forgets_it_when_closed) {
  std::vector<std::int64_t> minutes;
  openIt();
  for (int i = 0; i < 8; ++i) {
    minutes.push_back((state_.open_until - now_) / kMinute);
    now_ = state_.open_until;
    ASSERT_TRUE(run(RunClass::kFailure));
  }
  EXPECT_THAT(minutes, ::testing::ElementsAre(30, 60, 120, 240, 480, 960, 1440, 1440));
  now_ = state_.open_until;
  ASSERT_TRUE(run(RunClass::kOk));
  ASSERT_TRUE(run(RunClass::kOk));
  openIt();
  EXPECT_EQ(state_.open_until, now_ + 30 * kMinute);
}

TEST_F(Breaker, does_not_stay_open_for_years_when_the_clock_is_set_back) {
  openIt();
  now_ -= 1'000'000 * kMinute;
  EXPECT_TRUE(run(RunClass::kOk));
}

}  // namespace
}  // namespace redflag::kernel
