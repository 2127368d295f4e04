// A package manager's order and confirmed plan, which apt and dnf read alike.
#include "common/order.h"
#include "common/package_text.h"
#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(package_request) {
  using plugin::parseRequest;
  const auto request = parseRequest(input, true, "apt");
  static_cast<void>(parseRequest(input, false, "apt"));
  if (!request) {
    claim(request.error().status == RF_INVALID && !request.error().text.empty(), "a refusal says why");
    return;
  }
  for (const auto& wanted : request->updates)
    claim(plugin::isPackageText(wanted.name) && plugin::isPackageText(wanted.version),
          "what is ordered can be a package");
  plugin::Plan plan{request->planned};
  for (const auto& step : plan.steps)
    claim(step == step && parseJson(dumpJson(toJson(step))).has_value(), "a step is JSON");
  for (auto& step : plan.steps)
    step.requested = true;
  claim(plugin::notOrdered(plan, ':').empty(), "what was ordered is no surprise");
}

}  // namespace redflag::fuzz
