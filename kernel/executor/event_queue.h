#pragma once
// Events on their way to one listener that may be slower than they come. Progress, log lines and errors are
// dropped when too many wait; states never: a listener that is too slow for those is cut off and asks again.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "base/json.h"

namespace redflag::kernel {

class EventQueue {
 public:
  explicit EventQueue(std::size_t max_events = 2000) : max_events_(max_events) {}

  // From any thread; never blocks.
  void push(const Json& event);
  // nullopt: none within the time.
  std::optional<Json> pop(std::int64_t timeout_ns);
  // A state found no room.
  bool overrun() const;

 private:
  std::size_t max_events_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Json> events_;
  bool overrun_ = false;
};

}  // namespace redflag::kernel
