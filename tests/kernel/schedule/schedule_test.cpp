#include "schedule/schedule.h"

#include <gmock/gmock.h>

namespace redflag::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kHour = 3600 * kSecondNs;
constexpr std::int64_t kMinute = 60 * kSecondNs;

class HandClock : public Clock {
 public:
  std::int64_t epochNs() const override { return epoch; }
  std::int64_t monotonicNs() const override { return monotonic; }
  void pass(std::int64_t ns) {
    epoch += ns;
    monotonic += ns;
  }
  std::int64_t epoch = 1'700'000'000 * kSecondNs;
  std::int64_t monotonic = 1000 * kSecondNs;
};

class ScheduleTest : public testing::Test {
 protected:
  Schedule make(Schedule::LastRuns last = {}) {
    return Schedule(
        clock_, [this](std::int64_t most) { return std::min(jitter_, most); }, std::move(last));
  }
  HandClock clock_;
  std::int64_t jitter_ = 0;
  const ScheduleConfig every6h_{6 * kHour, 30 * kMinute};
};

TEST_F(ScheduleTest, scans_at_once_what_nothing_is_known_of) {
  auto schedule = make();
  schedule.configure({{"apt", every6h_}, {"system", every6h_}});
  EXPECT_EQ(schedule.untilNext(), 0);
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt", "system"));
}

TEST_F(ScheduleTest, never_starts_a_plugin_that_still_runs) {
  auto schedule = make();
  schedule.configure({{"apt", every6h_}});
  ASSERT_THAT(schedule.takeDue(), ElementsAre("apt"));
  clock_.pass(100 * kHour);
  EXPECT_THAT(schedule.takeDue(), IsEmpty());
  EXPECT_EQ(schedule.untilNext(), INT64_MAX);
  EXPECT_EQ(schedule.nextAt("apt"), 0);
}

TEST_F(ScheduleTest, waits_the_interval_and_a_jitter_from_the_end_of_the_last_run) {
  auto schedule = make();
  schedule.configure({{"apt", every6h_}});
  schedule.takeDue();
  clock_.pass(kMinute);
  jitter_ = 10 * kMinute;
  schedule.finished("apt");
  EXPECT_EQ(schedule.untilNext(), 6 * kHour + 10 * kMinute);
  clock_.pass(6 * kHour + 10 * kMinute - 1);
  EXPECT_THAT(schedule.takeDue(), IsEmpty());
  clock_.pass(1);
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
}

TEST_F(ScheduleTest, tries_a_lost_run_again_soon_and_does_not_count_it) {
  auto schedule = make();
  schedule.configure({{"apt", every6h_}});
  schedule.takeDue();
  schedule.lost("apt");
  EXPECT_TRUE(schedule.lastRuns().empty());
  EXPECT_THAT(schedule.takeDue(), IsEmpty());
  EXPECT_EQ(schedule.untilNext(), kMinute);
  clock_.pass(kMinute);
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
  schedule.finished("apt");
  EXPECT_EQ(schedule.untilNext(), 6 * kHour);
}

TEST_F(ScheduleTest, does_not_scan_again_after_a_restart_unless_it_is_overdue) {
  auto schedule = make({{"apt", clock_.epoch - kHour}, {"system", clock_.epoch - 7 * kHour}});
  schedule.configure({{"apt", every6h_}, {"system", every6h_}});
  EXPECT_THAT(schedule.takeDue(), ElementsAre("system"));
  EXPECT_EQ(schedule.untilNext(), 5 * kHour);
  EXPECT_EQ(schedule.nextAt("apt"), clock_.epoch + 5 * kHour);
}

TEST_F(ScheduleTest, takes_a_last_run_in_the_future_for_unknown) {
  auto schedule = make({{"apt", clock_.epoch + 1000 * kHour}});
  schedule.configure({{"apt", every6h_}});
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
}

TEST_F(ScheduleTest, is_not_held_up_when_the_clock_is_set_back_nor_when_the_machine_slept) {
  auto schedule = make({{"apt", clock_.epoch}});
  schedule.configure({{"apt", every6h_}});
  clock_.epoch -= 1000 * kHour;
  clock_.monotonic += 6 * kHour;
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
  schedule.finished("apt");
  clock_.epoch += 7 * kHour;
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
}

TEST_F(ScheduleTest, counts_a_new_interval_from_the_last_run) {
  auto schedule = make({{"apt", clock_.epoch}});
  schedule.configure({{"apt", every6h_}});
  clock_.pass(2 * kHour);
  schedule.configure({{"apt", {kHour, 0}}});
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
}

TEST_F(ScheduleTest, does_not_count_a_new_interval_from_a_run_that_a_wrong_clock_put_into_the_future) {
  auto schedule = make();
  schedule.configure({{"apt", every6h_}});
  schedule.takeDue();
  clock_.epoch += 1000 * kHour;
  schedule.finished("apt");
  clock_.epoch -= 1000 * kHour;
  EXPECT_EQ(schedule.untilNext(), 6 * kHour);
  schedule.configure({{"apt", {kHour, 0}}});
  EXPECT_THAT(schedule.takeDue(), ElementsAre("apt"));
}

TEST_F(ScheduleTest, keeps_its_time_when_the_configuration_says_the_same_again) {
  auto schedule = make({{"apt", clock_.epoch}});
  jitter_ = 20 * kMinute;
  schedule.configure({{"apt", every6h_}});
  jitter_ = 0;
  schedule.configure({{"apt", every6h_}});
  EXPECT_EQ(schedule.untilNext(), 6 * kHour + 20 * kMinute);
}

TEST_F(ScheduleTest, forgets_a_plugin_that_is_no_longer_named) {
  auto schedule = make();
  schedule.configure({{"apt", every6h_}});
  schedule.takeDue();
  schedule.configure({});
  schedule.finished("apt");
  EXPECT_THAT(schedule.takeDue(), IsEmpty());
  EXPECT_EQ(schedule.nextAt("apt"), 0);
}

}  // namespace
}  // namespace redflag::kernel
