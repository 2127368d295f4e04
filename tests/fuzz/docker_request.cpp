// An updater's order and confirmed plan.
#include "request.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(docker_request) {
  using namespace docker;
  const auto request = parseRequest(input, true);
  static_cast<void>(parseRequest(input, false));
  if (!request) {
    claim(request.error().status == RF_INVALID && !request.error().text.empty(), "a refusal says why");
    return;
  }
  for (const auto& step : request->planned)
    claim(step == step && parseJson(dumpJson(toJson(step))).has_value(), "a step is JSON");
}

}  // namespace redflag::fuzz
