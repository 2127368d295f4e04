#pragma once
// What an approval binds: the exact steps of a plan, in one order, as one hash.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::protocol {

struct PlanStep {
  std::string operation;
  std::string name;
  std::string arch;
  std::string from;  // "" for a new package
  std::string to;    // "" for a removal
};

// Reads `steps` of a plan as an updater wrote it (sdk/include/redflag/draft/updater.h). kInvalid names the
// bad step; two steps with the same name, arch and operation are refused.
Result<std::vector<PlanStep>> planSteps(const Json& plan);

// 32 raw bytes; the order of the steps does not matter.
std::string planHash(std::vector<PlanStep> steps);

}  // namespace redflag::protocol
