#include "services/ignore_match.h"

#include <tuple>

#include "services/name_pattern.h"

namespace redflag::services {
namespace {

bool isOrAny(const std::string& wanted, const std::string& value) {
  return wanted.empty() || wanted == value;
}

// For good is longest.
std::tuple<bool, std::int64_t, std::string> length(const store::IgnoreRule& rule) {
  return {rule.until == 0, rule.until, rule.id};
}

}  // namespace

bool includes(const store::DecisionScope& scope, const store::UpdateRow& row) {
  return isOrAny(scope.client_id, row.client_id) && isOrAny(scope.site_id, row.site_id) &&
         isOrAny(scope.agent_id, row.agent_id);
}

bool covers(const store::IgnoreRule& rule, const store::UpdateRow& row) {
  return includes(rule.scope, row) && isOrAny(rule.manager, row.manager) && isOrAny(rule.key, row.key) &&
         isOrAny(rule.version, row.candidate_version) &&
         (rule.pattern.empty() || matchesName(rule.pattern, row.name));
}

const store::IgnoreRule* ruleFor(const std::vector<store::IgnoreRule>& rules, const store::UpdateRow& row) {
  const store::IgnoreRule* longest = nullptr;
  for (const auto& rule : rules) {
    if (rule.state != store::RuleState::kActive || !covers(rule, row)) continue;
    if (longest == nullptr || length(*longest) < length(rule)) longest = &rule;
  }
  return longest;
}

}  // namespace redflag::services
