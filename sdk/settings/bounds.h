#pragma once
// What a schema cannot say of a setting: the least that makes sense.

#include <cstdint>

#include "base/time.h"

namespace redflag::settings {

constexpr std::int64_t kLeastIntervalNs = 60 * kSecondNs;  // between two runs, and of a breaker's window
constexpr std::int64_t kLeastTimeNs = kSecondNs;           // of one run, and until a breaker is tried again
constexpr std::uint64_t kLeastMemoryBytes = 16U << 20U;
constexpr std::uint64_t kLeastOutputBytes = 64U << 10U;
constexpr std::size_t kMaxPluginId = 100;

}  // namespace redflag::settings
