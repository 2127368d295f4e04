#include "plain_text.h"
#include "plan.h"

namespace redflag::dnf {

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  // They become names for dnf, and patterns for libdnf.
  return plugin::parseRequest(text, with_plan, "dnf", isPackageText);
}

}  // namespace redflag::dnf
