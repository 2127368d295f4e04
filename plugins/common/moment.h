#pragma once
// Times that package managers and their repositories write.

#include <cstdint>

namespace redflag::plugin {

// Seconds since the epoch as nanoseconds. 0 for a time before it, and for one after the year 2261: no row has
// it.
inline std::int64_t momentOf(std::int64_t epoch_s) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  constexpr std::int64_t kYear2262 = 9'214'646'400;
  return epoch_s > 0 && epoch_s < kYear2262 ? epoch_s * kNsPerSecond : 0;
}

}  // namespace redflag::plugin
