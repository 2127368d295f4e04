#include "plan.h"

namespace redflag::apt {

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  // libapt looks them up and takes none of them for anything else.
  return plugin::parseRequest(text, with_plan, "apt", [](const std::string&) { return true; });
}

}  // namespace redflag::apt
