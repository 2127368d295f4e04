#include "swarm/stillness.h"

#include <gtest/gtest.h>

namespace redflag::swarm {
namespace {

TEST(Stillness, a_run_that_gets_on_is_waited_for_however_slow_it_is) {
  Stillness stillness(10, 100);
  for (std::int64_t step = 1; step < 10; ++step)
    EXPECT_FALSE(stillness.isTooLong({step}, 100 + 9 * step)) << step;
}

TEST(Stillness, one_that_gets_nowhere_is_given_up) {
  Stillness stillness(10, 100);
  EXPECT_FALSE(stillness.isTooLong({1}, 105));
  EXPECT_FALSE(stillness.isTooLong({1}, 114));
  EXPECT_TRUE(stillness.isTooLong({1}, 115));
}

TEST(Stillness, one_that_changes_without_an_end_is_given_up_too) {
  Stillness stillness(10, 100);
  for (std::int64_t now = 101; now < 200; ++now)
    EXPECT_FALSE(stillness.isTooLong({now}, now)) << now;
  EXPECT_TRUE(stillness.isTooLong({200}, 200));
}

TEST(Stillness, before_it_is_to_be_counted_nothing_has_to_change) {
  Stillness stillness(10, 100);
  EXPECT_FALSE(stillness.isTooLong({1}, 50));
  stillness.wake(60);
  EXPECT_FALSE(stillness.isTooLong({1}, 99)) << "a fleet that is there and has nothing to do";
  EXPECT_FALSE(stillness.isTooLong({1}, 109));
  EXPECT_TRUE(stillness.isTooLong({1}, 110));
}

TEST(Stillness, where_nothing_is_to_happen_nothing_is_missed) {
  Stillness stillness(10, 100);
  EXPECT_FALSE(stillness.isTooLong({1}, 105));
  stillness.wake(114);
  EXPECT_FALSE(stillness.isTooLong({1}, 123));
  EXPECT_TRUE(stillness.isTooLong({1}, 124));
}

}  // namespace
}  // namespace redflag::swarm
