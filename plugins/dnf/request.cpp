#include "plan.h"

namespace redflag::dnf {

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  return plugin::parseRequest(text, with_plan, "dnf");
}

}  // namespace redflag::dnf
