#pragma once
// What a thread of the link sleeps on.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/time.h"

namespace redflag::kernel {

class Wake {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }
  // Until it is rung (also since the last call), stopped, or the time (monotonic) has come.
  void waitUntil(std::int64_t monotonic_ns) {
    std::unique_lock lock(mutex_);
    sleep(lock, monotonic_ns, [this] { return rung_ || stopped_; });
    rung_ = false;
  }
  // Until it is stopped or the time has come; a ring meanwhile is kept.
  void pause(std::int64_t ns) {
    std::unique_lock lock(mutex_);
    sleep(lock, monotonicNow() + ns, [this] { return stopped_; });
  }

 private:
  template <class Condition>
  void sleep(std::unique_lock<std::mutex>& lock, std::int64_t monotonic_ns, Condition condition) {
    const std::int64_t left = monotonic_ns - monotonicNow();
    if (left > 0) changed_.wait_for(lock, std::chrono::nanoseconds(left), condition);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
  bool stopped_ = false;
};

}  // namespace redflag::kernel
