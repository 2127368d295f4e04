#pragma once
// When to try the server again: exponential with full jitter from 1 s to 5 min, so that a fleet that lost its
// server does not come back as one; after some failures in a row a breaker opens and lets only a slow probe
// through. Waits are on the monotonic clock. Threads: one owner.

#include <cstdint>
#include <functional>

namespace redflag::kernel {

struct BackoffLimits {
  std::int64_t first_ns = 1'000'000'000;
  std::int64_t longest_ns = 300'000'000'000;
  int failures_to_open = 8;
};

class Backoff {
 public:
  // Answers a number in [0, bound]; the seam for tests.
  using Random = std::function<std::uint64_t(std::uint64_t bound)>;
  explicit Backoff(BackoffLimits limits = {}, Random random = {});

  void succeeded();
  // `at_least_ns`: what the server asked for with Retry-After, at most an hour is believed.
  void failed(std::int64_t now_ns, std::int64_t at_least_ns = 0);
  // Forgets the wait, not the failures: something else has just reached the server.
  void tryNow();

  bool mayTry(std::int64_t now_ns) const { return now_ns >= next_ns_; }
  std::int64_t nextNs() const { return next_ns_; }
  int failures() const { return failures_; }
  bool open() const { return failures_ >= limits_.failures_to_open; }

 private:
  BackoffLimits limits_;
  Random random_;
  int failures_ = 0;
  std::int64_t next_ns_ = 0;
};

}  // namespace redflag::kernel
