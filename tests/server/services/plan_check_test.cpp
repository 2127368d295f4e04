#include "services/plan_check.h"

#include <gtest/gtest.h>

#include "support/world.h"

namespace redflag::services {
namespace {

using testing::World;

const std::vector<store::ApprovedUpdate> kApproved = {{"id-1", "apt", "nginx:amd64", "nginx", "amd64", "1.1"},
                                                      {"id-2", "apt", "curl:amd64", "curl", "amd64", "8.1"}};

PlanVerdict check(const Json& plan) {
  return checkPlan(plan, World::hashOf(plan), kApproved).value();
}

TEST(PlanCheck, what_was_approved_and_nothing_more_is_covered) {
  const auto verdict =
      check(World::plan({{"upgrade", "curl", "8.0", "8.1"}, {"upgrade", "nginx", "1.0", "1.1"}}));
  EXPECT_TRUE(verdict.extras.empty());
  EXPECT_TRUE(verdict.left_out.empty());
}

TEST(PlanCheck, everything_else_is_an_extra) {
  const auto verdict = check(World::plan({{"upgrade", "curl", "8.0", "8.1"},
                                          {"install", "libnew", "", "1"},
                                          {"upgrade", "nginx", "1.0", "1.1"},
                                          {"remove", "oldlib", "1", ""},
                                          {"upgrade", "other", "1", "2"}}));
  EXPECT_EQ(verdict.extras.size(), 3U);
  EXPECT_TRUE(verdict.left_out.empty());
}

TEST(PlanCheck, the_extras_are_the_extras_in_whatever_order_the_steps_come) {
  const auto verdict = check(World::plan({{"upgrade", "nginx", "1.0", "1.1"},
                                          {"remove", "oldlib", "1", ""},
                                          {"upgrade", "curl", "8.0", "8.1"}}));
  ASSERT_EQ(verdict.extras.size(), 1U);
  EXPECT_EQ(verdict.extras[0].at("name"), "oldlib");
  const auto turned = check(World::plan({{"remove", "oldlib", "1", ""},
                                         {"upgrade", "nginx", "1.0", "1.1"},
                                         {"upgrade", "curl", "8.0", "8.1"}}));
  EXPECT_EQ(turned.extras, verdict.extras);
}

TEST(PlanCheck, another_version_of_what_was_approved_is_an_extra_and_leaves_it_out) {
  const auto verdict =
      check(World::plan({{"upgrade", "curl", "8.0", "8.1"}, {"upgrade", "nginx", "1.0", "1.2"}}));
  EXPECT_EQ(verdict.extras.size(), 1U);
  EXPECT_EQ(verdict.left_out, std::vector<std::string>{"id-1"});
}

TEST(PlanCheck, removing_or_downgrading_what_was_approved_is_no_install) {
  const auto verdict =
      check(World::plan({{"downgrade", "curl", "9.0", "8.1"}, {"remove", "nginx", "1.1", ""}}));
  EXPECT_EQ(verdict.extras.size(), 2U);
  EXPECT_EQ(verdict.left_out.size(), 2U);
}

TEST(PlanCheck, a_plan_edited_after_it_was_hashed_is_refused) {
  const Json plan = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});
  Json edited = plan;
  edited["steps"][0]["to"] = "6.6.6";
  EXPECT_FALSE(checkPlan(edited, World::hashOf(plan), kApproved));
}

}  // namespace
}  // namespace redflag::services
