#pragma once
// Which rule an update is ignored by: pure.

#include <vector>

#include "store/decisions.h"
#include "store/updates.h"

namespace redflag::services {

bool includes(const store::DecisionScope& scope, const store::UpdateRow& row);
// Whatever state the rule is in.
bool covers(const store::IgnoreRule& rule, const store::UpdateRow& row);
// Of active rules the one that covers the row for longest, so that it does not change with each that ends;
// nullptr without any.
const store::IgnoreRule* ruleFor(const std::vector<store::IgnoreRule>& rules, const store::UpdateRow& row);

}  // namespace redflag::services
