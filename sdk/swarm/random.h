#pragma once
// Numbers that a seed decides, the same with every standard library (its distributions are not).

#include <cmath>
#include <cstdint>

namespace redflag::swarm {

// One number out of several, well mixed (SplitMix64's finalizer; Steele, Lea, Flood: Fast Splittable
// Pseudorandom Number Generators, 2014).
inline std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return mix(mix(a + 0x9E3779B97F4A7C15ULL) + b);
}

// Threads: one owner.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mix(seed)) {}

  std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15ULL); }
  // [0, bound); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  // [low, high]
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // [0, 1)
  bool chance(double probability) { return share() < probability; }
  // How long until the next of events that come on average once in `mean`.
  double waiting(double mean) { return -std::log(1.0 - share()) * mean; }

 private:
  std::uint64_t state_;
};

}  // namespace redflag::swarm
