#include "store/rule_life.h"

#include <array>

namespace redflag::store {
namespace {

constexpr std::array<const char*, kRuleStates> kRuleStateNames = {"active", "lifted", "expired"};
constexpr std::array<const char*, kRuleEvents> kRuleEventNames = {"lifted", "expired"};

}  // namespace

std::optional<RuleState> after(RuleState state, RuleEvent event) {
  if (state != RuleState::kActive) return std::nullopt;
  return event == RuleEvent::kLifted ? RuleState::kLifted : RuleState::kExpired;
}

const char* name(RuleState state) {
  return kRuleStateNames.at(static_cast<std::size_t>(state));
}
const char* name(RuleEvent event) {
  return kRuleEventNames.at(static_cast<std::size_t>(event));
}

std::optional<RuleState> ruleState(std::string_view name) {
  for (std::size_t i = 0; i < kRuleStateNames.size(); ++i) {
    if (kRuleStateNames[i] == name) return static_cast<RuleState>(i);
  }
  return std::nullopt;
}

}  // namespace redflag::store
