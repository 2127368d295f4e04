#include "calendar/window.h"

#include <algorithm>
#include <tuple>

#include "base/time.h"
#include "calendar/occurrences.h"

namespace redflag::calendar {

std::vector<Span> spansFrom(const std::vector<Window>& windows, const Zone& zone, std::int64_t at,
                            std::size_t most) {
  std::vector<Span> openings;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const std::int64_t length = windows[i].length_s * kSecondNs;
    // What opened longer ago than its length is over.
    for (const auto& one : upcoming(windows[i].rule, zone, at - length, most + kMostMerged))
      openings.push_back({one.at, one.at + length, i});
  }
  std::sort(openings.begin(), openings.end(), [](const Span& a, const Span& b) {
    return std::tie(a.opens_at, a.window) < std::tie(b.opens_at, b.window);
  });
  std::vector<Span> spans;
  for (const Span& one : openings) {
    if (!spans.empty() && one.opens_at <= spans.back().closes_at) {
      spans.back().closes_at = std::max(spans.back().closes_at, one.closes_at);
    } else if (spans.size() == most) {
      break;
    } else {
      spans.push_back(one);
    }
  }
  return spans;
}

}  // namespace redflag::calendar
