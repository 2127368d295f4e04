#include "http/problem.h"

#include <gtest/gtest.h>

#include <string>

namespace redflag::http {
namespace {

TEST(RefusalCounts, keeps_what_came_first_and_counts_what_is_past_the_bound_as_other) {
  RefusalCounts counts;
  counts.add("session.required");
  for (std::size_t i = 0; i < 2 * RefusalCounts::kMostCodes; ++i)
    counts.add("type.of_machine_" + std::to_string(i));
  counts.add("session.required");
  const auto told = counts.snapshot();
  EXPECT_EQ(told.size(), RefusalCounts::kMostCodes + 1);
  EXPECT_EQ(told.at("session.required"), 2U);
  EXPECT_EQ(told.at("other"), RefusalCounts::kMostCodes + 1);
}

}  // namespace
}  // namespace redflag::http
