#pragma once
// When to try the server again: exponential with full jitter from 1 s to 5 min, so that a fleet that lost its
// server does not come back as one; after some failures in a row a breaker opens and lets only a slow probe
// through. A server that is there and says when to come is no such failure. Waits are on the monotonic clock.
// Threads: one owner.

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
  // `at_least_ns`: what the answer asked for with Retry-After, at most an hour is believed.
  void failed(std::int64_t now_ns, std::int64_t at_least_ns = 0);
  // The server itself asked to come after this time, as it does when it has too much to do: opens no breaker,
  // and closes one. Said again and again, the waits grow, of their own accord to a minute. Nothing shortens
  // the time that was asked for, so five minutes of it are believed: a server asks for one at most.
  void putOff(std::int64_t now_ns, std::int64_t after_ns);
  // Forgets the wait, not the failures: something else has just reached the server. What that asked for
  // stays.
  void tryNow();

  bool mayTry(std::int64_t now_ns) const { return now_ns >= next_ns_; }
  std::int64_t nextNs() const { return next_ns_; }
  int failures() const { return failures_; }
  bool open() const { return failures_ >= limits_.failures_to_open; }

 private:
  std::int64_t spread(std::int64_t low_ns, std::int64_t longest_ns);

  BackoffLimits limits_;
  Random random_;
  int failures_ = 0;
  int put_offs_ = 0;
  std::int64_t asked_ns_ = 0;  // not before this, as the server said; 0: it said nothing
  std::int64_t next_ns_ = 0;
};

}  // namespace redflag::kernel
