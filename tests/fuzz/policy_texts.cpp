// Windows, times, durations, sizes and globs, as admins write them.
#include "fuzz.h"
#include "policy/policy.h"
#include "policy/window.h"
#include "settings/units.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(policy_texts) {
  using namespace kernel;
  if (const auto window = Window::parse(input)) {
    bool any = false;
    for (int minute = 0; minute < 7 * 1440; ++minute)
      any = window->contains({minute / 1440, minute % 1440}) || any;
    claim(any, "a window is open at some time");
  }
  if (const auto at = parseLocalMinute(input)) {
    claim(at->weekday >= 0 && at->weekday < 7 && at->minute >= 0 && at->minute < 1440,
          "a minute of the week");
    claim(parseLocalMinute(toText(*at)).has_value(), "it reads back");
  }
  if (const auto ns = settings::parseDuration(input))
    claim(settings::parseDuration(settings::durationText(*ns)) == *ns, "a duration reads back");
  if (const auto bytes = settings::parseSize(input))
    claim(settings::parseSize(settings::sizeText(*bytes)) == *bytes, "a size reads back");
  const auto texts = parts(input, 2);
  claim(globMatches("*", texts.back()), "a star matches everything");
  static_cast<void>(globMatches(texts.front(), texts.back()));
}

}  // namespace redflag::fuzz
