#include "swarm/reactor.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr int kLongestWaitMs = 50;
constexpr std::uint32_t kReading = EPOLLIN | EPOLLRDHUP;

int openEpoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

Reactor::Reactor() : epoll_(openEpoll()) {}

Reactor::~Reactor() {
  ::close(epoll_);
}

Reactor::WatchId Reactor::watch(int fd, Ready ready) {
  const WatchId id = ++last_id_;
  epoll_event event{};
  event.events = kReading | EPOLLOUT;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  watches_.emplace(id, Watch{fd, std::move(ready)});
  return id;
}

void Reactor::wantWrite(WatchId id, bool write) {
  const auto found = watches_.find(id);
  if (found == watches_.end() || found->second.write == write) return;
  found->second.write = write;
  epoll_event event{};
  event.events = kReading | (write ? EPOLLOUT : 0U);
  event.data.u64 = id;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, found->second.fd, &event);
}

void Reactor::forget(WatchId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second.fd, nullptr);
  watches_.erase(found);
}

Reactor::TimerId Reactor::at(std::int64_t monotonic_ns, std::function<void()> due) {
  return timers_.emplace(TimerId{monotonic_ns, ++last_id_}, std::move(due)).first->first;
}

Reactor::TimerId Reactor::in(std::int64_t ns, std::function<void()> due) {
  return at(monotonicNow() + ns, std::move(due));
}

void Reactor::cancel(TimerId& timer) {
  timers_.erase(std::exchange(timer, TimerId{}));
}

int Reactor::waitMs() const {
  if (timers_.empty()) return kLongestWaitMs;
  const std::int64_t left_ms = (timers_.begin()->first.first - monotonicNow()) / kMillisecondNs + 1;
  return static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, kLongestWaitMs));
}

void Reactor::turn() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), waitMs());
  for (int i = 0; i < count; ++i) {
    // By its id: what an earlier one of this round forgot is not called any more.
    const auto found = watches_.find(events.at(static_cast<std::size_t>(i)).data.u64);
    if (found == watches_.end()) continue;
    const Ready ready = found->second.ready;
    ready();
  }
  const std::int64_t now = monotonicNow();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto due = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    due();
  }
}

void Reactor::runUntil(const std::function<bool()>& holds) {
  while (!holds())
    turn();
}

}  // namespace redflag::swarm
