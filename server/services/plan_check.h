#pragma once
// A plan against the approval behind it: pure.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "store/commands.h"

namespace redflag::services {

struct PlanVerdict {
  std::string plan_hash;              // hexadecimal, computed here
  Json extras = Json::array();        // steps that no approval covers, as the plan has them
  std::vector<std::string> left_out;  // update ids that were approved and that the plan does not install
};

// A step is covered when it installs or upgrades to exactly an approved name, architecture and version.
// Everything else - a new dependency, a removal, another version - is an extra. kInvalid when the plan is
// none, or `claimed_hash` is not its hash.
Result<PlanVerdict> checkPlan(const Json& plan, const std::string& claimed_hash,
                              const std::vector<store::ApprovedUpdate>& approved);

}  // namespace redflag::services
