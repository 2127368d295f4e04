#pragma once
// Times and sizes that package managers and their repositories write.

#include <cstdint>

namespace redflag::plugin {

// Seconds since the epoch as nanoseconds. 0 for a time before it, and for one after the year 2261: no row has
// it.
inline std::int64_t momentOf(std::int64_t epoch_s) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  constexpr std::int64_t kYear2262 = 9'214'646'400;
  return epoch_s > 0 && epoch_s < kYear2262 ? epoch_s * kNsPerSecond : 0;
}

// 0 for what no package has: the sizes of all packages of a plan together always fit.
inline std::int64_t sizeOf(std::uint64_t bytes) {
  constexpr std::uint64_t kTebibyte = std::uint64_t{1} << 40U;
  return bytes <= kTebibyte ? static_cast<std::int64_t>(bytes) : 0;
}

}  // namespace redflag::plugin
