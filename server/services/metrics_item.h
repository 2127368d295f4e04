#pragma once
// Measurements, as rows of the kind metric/1.

#include <cstdint>

#include "base/json.h"
#include "store/metrics.h"

namespace redflag::services {

constexpr std::int64_t kMaxMetrics = 2'000;  // an agent's

// `row` has passed checkRecord().
store::Metric metricOf(const Json& row);
// A clock that says what cannot be is not believed: then it was measured when it came.
std::int64_t likelyTime(std::int64_t said_at, std::int64_t received_at);

}  // namespace redflag::services
