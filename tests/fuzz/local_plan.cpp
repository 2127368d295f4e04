// The plan an updater wrote: what the signed hash and the policy are held against.
#include "executor/local_plan.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(local_plan) {
  const auto plan = kernel::readPlan(std::string(input));
  if (!plan) return;
  claim(plan->hash.size() == 32, "a plan has a hash");
  kernel::Policy nothing;
  claim(!kernel::decide(nothing, {"apt/install", plan->steps}, {}).allowed, "an empty policy allows nothing");
  const auto again = kernel::readPlan(dumpJson(plan->document));
  claim(again.has_value() && again->hash == plan->hash, "the same plan has the same hash");
}

}  // namespace redflag::fuzz
