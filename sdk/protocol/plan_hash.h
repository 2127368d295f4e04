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
// bad step; the same step twice is refused. Sorted, as they are hashed: by name, arch, operation, from, to.
// Of one package several versions may go, as kernels do.
Result<std::vector<PlanStep>> planSteps(const Json& plan);

// 32 raw bytes; the order of the steps does not matter.
std::string planHash(std::vector<PlanStep> steps);

}  // namespace redflag::protocol
