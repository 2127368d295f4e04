#pragma once
// Spans of time that open by a rule and stay open for a length: maintenance windows. A window opens at the
// instant that occurrences.h tells of (once a day at most, also where clocks are put forward or back), and
// its length is real time: one of three hours is open for three hours in every night of the year. Pure. [any
// thread]

#include <cstdint>
#include <vector>

#include "calendar/rule.h"
#include "calendar/zone.h"

namespace redflag::calendar {

struct Window {
  Rule rule;
  std::int64_t length_s = 0;
};

struct Span {
  std::int64_t opens_at = 0;   // ns since the epoch
  std::int64_t closes_at = 0;  // not in it any more
  std::size_t window = 0;      // the one that opens it
  bool operator==(const Span&) const = default;
};

// The span that is open at `at`, if one is, and those after it, soonest first, at most `most` of them.
// Windows that overlap or meet make one span, of at most about `kMostMerged` openings of each.
inline constexpr std::size_t kMostMerged = 8;
std::vector<Span> spansFrom(const std::vector<Window>& windows, const Zone& zone, std::int64_t at,
                            std::size_t most);

}  // namespace redflag::calendar
