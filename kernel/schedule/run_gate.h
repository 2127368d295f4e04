#pragma once
// Who may run now: at most so many plugins at the same time, and each of them once. Threads: any.

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

namespace redflag::kernel {

class RunGate {
 public:
  // Waits for a place. False: the gate was closed, nothing may run any more.
  bool enter(const std::string& plugin, int max_parallel);
  void leave(const std::string& plugin);
  void close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> running_;
  bool closed_ = false;
};

// A place in the gate for as long as it lives.
class RunPass {
 public:
  RunPass(RunGate& gate, const std::string& plugin, int max_parallel)
      : gate_(gate), plugin_(plugin), inside_(gate.enter(plugin, max_parallel)) {}
  ~RunPass() {
    if (inside_) gate_.leave(plugin_);
  }
  RunPass(const RunPass&) = delete;
  RunPass& operator=(const RunPass&) = delete;
  bool inside() const { return inside_; }

 private:
  RunGate& gate_;
  const std::string plugin_;
  const bool inside_;
};

}  // namespace redflag::kernel
