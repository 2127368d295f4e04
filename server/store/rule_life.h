#pragma once
// The life of a rule that ignores updates: it ends once, by hand or by its date, and is kept as a record.

#include <optional>
#include <string_view>

namespace redflag::store {

enum class RuleState { kActive, kLifted, kExpired };
constexpr int kRuleStates = 3;

enum class RuleEvent {
  kLifted,   // by a person
  kExpired,  // its date has come
};
constexpr int kRuleEvents = 2;

// The state after the event; nullopt when it must not happen there.
std::optional<RuleState> after(RuleState state, RuleEvent event);

const char* name(RuleState state);  // "active"
const char* name(RuleEvent event);
std::optional<RuleState> ruleState(std::string_view name);

}  // namespace redflag::store
