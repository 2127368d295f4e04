// A plan that an agent reports, against what was approved.
#include "services/plan_check.h"

#include "base/encoding.h"
#include "fuzz.h"
#include "protocol/plan_hash.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(plan_check) {
  const auto plan = parseJson(input, {.bytes = 64U << 10U, .depth = 8, .values = 10'000});
  if (!plan) return;
  const std::vector<store::ApprovedUpdate> approved{
      {"u1", "apt", "openssl:amd64", "openssl", "amd64", "3.0.1"}};
  static_cast<void>(services::checkPlan(*plan, "", approved));
  const auto steps = protocol::planSteps(*plan);
  if (!steps) return;
  const auto verdict = services::checkPlan(*plan, toHex(protocol::planHash(*steps)), approved);
  if (!verdict) return;
  claim(verdict->extras.size() + 1 >= steps->size(), "what nobody approved is an extra");
}

}  // namespace redflag::fuzz
