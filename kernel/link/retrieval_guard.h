#pragma once
// Ends a connection whose peer sends too slowly, wherever in Poco the reader waits: by shutting the socket
// down.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace redflag::kernel {

class RetrievalGuard {
 public:
  // From now on each window must see `bytes_in_window` counted on, and all of it takes at most `whole_ns`.
  RetrievalGuard(int socket, std::int64_t window_ns, std::uint64_t bytes_in_window, std::int64_t whole_ns);
  ~RetrievalGuard();  // before the socket goes
  RetrievalGuard(const RetrievalGuard&) = delete;
  RetrievalGuard& operator=(const RetrievalGuard&) = delete;

  void count(std::uint64_t bytes) { counted_ += bytes; }
  bool tooSlow() const { return too_slow_; }

 private:
  void watch(int socket, std::int64_t window_ns, std::uint64_t bytes_in_window, std::int64_t whole_ns);

  std::atomic<std::uint64_t> counted_ = 0;
  std::atomic<bool> too_slow_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace redflag::kernel
