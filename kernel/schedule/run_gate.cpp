#include "schedule/run_gate.h"

namespace redflag::kernel {

bool RunGate::enter(const std::string& plugin, int max_parallel) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return closed_ ||
           (running_.size() < static_cast<std::size_t>(max_parallel) && !running_.contains(plugin));
  });
  if (closed_) return false;
  running_.insert(plugin);
  return true;
}

void RunGate::leave(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  running_.erase(plugin);
  changed_.notify_all();
}

void RunGate::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace redflag::kernel
