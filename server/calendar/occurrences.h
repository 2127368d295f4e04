#pragma once
// When a rule comes, in a zone. Each day has at most one: a time that does not exist there (the clock is put
// forward over it) is when the clock is put forward, one that comes twice is the first of the two. Pure. [any
// thread]

#include <cstdint>
#include <optional>
#include <vector>

#include "calendar/rule.h"
#include "calendar/zone.h"

namespace redflag::calendar {

struct Occurrence {
  std::int64_t at = 0;  // ns since the epoch
  Local local = {};     // as the rule says it, also where it does not exist: what tells one from the next
  bool moved = false;   // see Zone::Instant
};

// Those in (after, until], oldest first, at most `most` of them.
std::vector<Occurrence> occurrences(const Rule& rule, const Zone& zone, std::int64_t after,
                                    std::int64_t until, std::size_t most);
// The next ones.
std::vector<Occurrence> upcoming(const Rule& rule, const Zone& zone, std::int64_t after, std::size_t most);

}  // namespace redflag::calendar
