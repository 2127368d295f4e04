#pragma once
// One thread's waiting: sockets and times. Everything on it runs on the thread that runs it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

namespace redflag::swarm {

class Reactor {
 public:
  Reactor();  // throws std::system_error
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Called when the descriptor is ready; may forget itself or others.
  using Ready = std::function<void()>;
  using WatchId = std::uint64_t;
  WatchId watch(int fd, Ready ready);
  // What it waits for; reading always, because that is how an end is noticed.
  void wantWrite(WatchId id, bool write);
  void forget(WatchId id);  // before the descriptor is closed; 0 is nothing

  using TimerId = std::pair<std::int64_t, std::uint64_t>;  // {0, 0}: none
  TimerId at(std::int64_t monotonic_ns, std::function<void()> due);
  TimerId in(std::int64_t ns, std::function<void()> due);
  void cancel(TimerId& timer);  // and makes it none

  // Until it holds, which is asked after each round, at least every 50 ms.
  void runUntil(const std::function<bool()>& holds);

 private:
  struct Watch {
    int fd;
    Ready ready;
    bool write = true;
  };
  void turn();
  int waitMs() const;

  const int epoll_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<WatchId, Watch> watches_;
  std::map<TimerId, std::function<void()>> timers_;
};

}  // namespace redflag::swarm
