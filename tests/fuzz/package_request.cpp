// A package manager's order and confirmed plan: what apt and dnf read alike, and what dnf refuses besides.
#include "common/order.h"
#include "fuzz.h"
#include "plain_text.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(package_request) {
  using plugin::parseRequest;
  const auto anything = [](const std::string&) { return true; };
  const auto request = parseRequest(input, true, "apt", anything);
  const auto narrow = parseRequest(input, true, "dnf", dnf::isPackageText);
  static_cast<void>(parseRequest(input, false, "apt", anything));
  claim(!narrow || request.has_value(), "what dnf takes, apt takes");
  if (!request) {
    claim(request.error().status == RF_INVALID && !request.error().text.empty(), "a refusal says why");
    return;
  }
  plugin::Plan plan{request->planned};
  for (const auto& step : plan.steps)
    claim(step == step && parseJson(dumpJson(toJson(step))).has_value(), "a step is JSON");
  for (auto& step : plan.steps)
    step.requested = true;
  claim(plugin::notOrdered(plan, ':').empty(), "what was ordered is no surprise");
}

}  // namespace redflag::fuzz
