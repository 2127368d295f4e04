#include "executor/event_queue.h"

#include <chrono>

namespace redflag::kernel {

void EventQueue::push(const Json& event) {
  const std::lock_guard lock(mutex_);
  const std::string name = event.value("event", "");
  const bool may_be_lost = name == "progress" || name == "log" || name == "error";
  // States have as much room again, so that a flood of lines never costs one.
  if (events_.size() >= (may_be_lost ? max_events_ : 2 * max_events_)) {
    overrun_ = overrun_ || !may_be_lost;
    return;
  }
  events_.push_back(event);
  arrived_.notify_one();
}

std::optional<Json> EventQueue::pop(std::int64_t timeout_ns) {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, std::chrono::nanoseconds(timeout_ns), [this] { return !events_.empty(); })) {
    return std::nullopt;
  }
  Json event = std::move(events_.front());
  events_.pop_front();
  return event;
}

bool EventQueue::overrun() const {
  const std::lock_guard lock(mutex_);
  return overrun_;
}

}  // namespace redflag::kernel
