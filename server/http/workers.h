#pragma once
// A fixed number of threads and a queue for each kind of guest. A connection is queued at most once, so the
// queues are bounded by the lot.

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/guest.h"

namespace redflag::http {

struct Job {
  std::uint64_t id = 0;
  std::unique_ptr<Guest> guest;
  Wake why = Wake::kReady;
  std::int64_t since_ns = 0;  // monotonicNow(), when it was pushed
};

class Workers {
 public:
  Workers(std::size_t count, std::function<void(Job)> run);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void push(Job job);  // [any thread]
  std::size_t queued() const;
  // Finishes what runs, drops what is queued, joins. Safe to call again.
  void stop();

 private:
  void loop();
  Job next();

  std::function<void(Job)> run_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::array<std::deque<Job>, kLanes> lanes_;
  std::size_t turn_ = 0;    // the lane that was served last
  std::size_t queued_ = 0;  // in all of them
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace redflag::http
