#include "plan.h"

namespace redflag::apt {

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  return plugin::parseRequest(text, with_plan, "apt");
}

}  // namespace redflag::apt
