#include "link/retrieval_guard.h"

#include <Poco/Net/Net.h>
#include <Poco/Net/SocketDefs.h>

#include <chrono>

#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr int kBothWays = 2;  // SHUT_RDWR, and SD_BOTH

}  // namespace

RetrievalGuard::RetrievalGuard(int socket, std::int64_t window_ns, std::uint64_t bytes_in_window,
                               std::int64_t whole_ns)
    : thread_([=, this] { watch(socket, window_ns, bytes_in_window, whole_ns); }) {}

RetrievalGuard::~RetrievalGuard() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void RetrievalGuard::watch(int socket, std::int64_t window_ns, std::uint64_t bytes_in_window,
                           std::int64_t whole_ns) {
  const std::int64_t until = monotonicNow() + whole_ns;
  std::unique_lock lock(mutex_);
  std::uint64_t before = 0;
  while (!changed_.wait_for(lock, std::chrono::nanoseconds(window_ns), [this] { return done_; })) {
    const std::uint64_t now = counted_;
    if (now - before < bytes_in_window || monotonicNow() >= until) {
      too_slow_ = true;
      ::shutdown(socket, kBothWays);
      return;
    }
    before = now;
  }
}

}  // namespace redflag::kernel
