#include "store/rule_life.h"

#include <gtest/gtest.h>

namespace redflag::store {
namespace {

using E = RuleEvent;
using S = RuleState;

TEST(RuleLife, ends_once_and_by_one_thing_in_every_state_for_every_event) {
  for (int s = 0; s < kRuleStates; ++s) {
    for (int e = 0; e < kRuleEvents; ++e) {
      const auto state = static_cast<S>(s);
      const auto event = static_cast<E>(e);
      std::optional<S> expected;
      if (state == S::kActive) expected = event == E::kLifted ? S::kLifted : S::kExpired;
      EXPECT_EQ(after(state, event), expected) << name(state) << " + " << name(event);
    }
  }
}

TEST(RuleLife, every_state_has_a_name_of_its_own) {
  for (int s = 0; s < kRuleStates; ++s)
    EXPECT_EQ(ruleState(name(static_cast<S>(s))), static_cast<S>(s));
  EXPECT_EQ(ruleState("none"), std::nullopt);
}

}  // namespace
}  // namespace redflag::store
