// A request's target.
#include "http/target.h"

#include "base/encoding.h"
#include "fuzz.h"
#include "http/message.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(request_target) {
  try {
    const auto target = http::parseTarget(input);
    claim(!target.segments.empty(), "a path has a segment");
    for (const auto& segment : target.segments)
      claim(isUtf8(segment) && segment.find('\0') == std::string::npos, "a segment is text");
    for (const auto& [name, value] : target.query)
      claim(isUtf8(name) && isUtf8(value) && value.find('\0') == std::string::npos, "a parameter is text");
  } catch (const http::Problem& problem) {
    claim(problem.status == 400, "a target that is none is the sender's mistake");
  }
}

}  // namespace redflag::fuzz
