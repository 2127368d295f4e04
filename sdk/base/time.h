#pragma once
// Points in time are signed nanoseconds since the Unix epoch everywhere; RFC 3339 in UTC where people or JSON
// see them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag {

constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kSecondNs = 1'000'000'000;

std::int64_t epochNow();      // ns
std::int64_t monotonicNow();  // ns; for waits and deadlines

std::string toRfc3339(std::int64_t epoch_ns);  // "2025-03-01T02:03:04.567Z", milliseconds
Result<std::int64_t> fromRfc3339(std::string_view text);

// The clock as a dependency, so that tests turn it by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t epochNs() const = 0;
  virtual std::int64_t monotonicNs() const = 0;
};
const Clock& systemClock();

}  // namespace redflag
