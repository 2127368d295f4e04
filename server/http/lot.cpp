#include "http/lot.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/time.h"

namespace redflag::http {
namespace {

constexpr std::uint64_t kBellId = 1;
constexpr std::uint64_t kDoorId = 2;
constexpr std::int64_t kForEver = INT64_MAX;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

epoll_event interest(std::uint32_t events, std::uint64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return event;
}

}  // namespace

ConnectionLot::ConnectionLot(std::size_t worker_count)
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      bell_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      workers_(worker_count, [this](Job job) { work(std::move(job)); }) {
  epoll_event event = interest(EPOLLIN, kBellId);
  checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, bell_, &event), "epoll_ctl");
  thread_ = std::thread([this] { run(); });
}

ConnectionLot::~ConnectionLot() {
  stop(std::chrono::milliseconds(0));
  ::close(bell_);
  ::close(epoll_);
}

void ConnectionLot::listen(Doorman& doorman) {
  const std::lock_guard lock(mutex_);
  doorman_ = &doorman;
  epoll_event event = interest(EPOLLIN | EPOLLONESHOT, kDoorId);
  checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, doorman.fd(), &event), "epoll_ctl");
}

std::uint64_t ConnectionLot::newId() {
  const std::lock_guard lock(mutex_);
  return ++last_id_;
}

void ConnectionLot::admit(std::uint64_t id, std::unique_ptr<Guest> guest, const Wait& wait) {
  {
    const std::lock_guard lock(mutex_);
    places_.try_emplace(id);
  }
  park(id, std::move(guest), wait);
}

void ConnectionLot::park(std::uint64_t id, std::unique_ptr<Guest> guest, const Wait& wait) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(id);
  Place& place = found->second;
  place.guest = std::move(guest);
  if (place.called || (stopping_ && !place.told)) {
    dispatch(found, place.called ? Wake::kCalled : Wake::kStopping);
    return;
  }
  place.deadline_ns = wait.deadline_ns;
  deadlines_.emplace(place.deadline_ns, id);
  if (wait.spare) spare_.emplace(place.deadline_ns, id);
  watch(id, place, wait.what);
  if (place.deadline_ns < sleeping_until_ns_) nudge();
}

void ConnectionLot::watch(std::uint64_t id, Place& place, Wait::For what) {
  // No EPOLLRDHUP: a peer that only stopped sending may still take its answer, and would be reported without
  // end.
  const std::uint32_t direction = what == Wait::For::kWrite ? EPOLLOUT : EPOLLIN;
  epoll_event event = interest(direction | EPOLLONESHOT, id);
  const int operation = place.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (::epoll_ctl(epoll_, operation, place.guest->fd(), &event) == 0) {
    place.watched = true;
    return;
  }
  // Out of memory for the watch: the deadline ends this connection right away instead of never.
  deadlines_.erase({place.deadline_ns, id});
  spare_.erase({place.deadline_ns, id});
  place.deadline_ns = 0;
  deadlines_.emplace(0, id);
}

// With the lock held; the place's guest is here.
void ConnectionLot::dispatch(Places::iterator place, Wake why) {
  deadlines_.erase({place->second.deadline_ns, place->first});
  spare_.erase({place->second.deadline_ns, place->first});
  if (why == Wake::kCalled) place->second.called = false;
  if (why == Wake::kStopping) place->second.told = true;
  workers_.push({place->first, std::move(place->second.guest), why});
}

void ConnectionLot::call(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;  // what is left is being ended, and nobody would take it up
  const auto found = places_.find(id);
  if (found == places_.end()) return;
  found->second.called = true;
  if (found->second.guest) dispatch(found, Wake::kCalled);
}

bool ConnectionLot::makeRoom() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return false;
  dispatch(places_.find(spare_.begin()->second), Wake::kDeadline);
  return true;
}

std::size_t ConnectionLot::size() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

LotLoad ConnectionLot::load() const {
  const std::lock_guard lock(mutex_);
  return {places_.size(), deadlines_.size(), workers_.queued()};
}

void ConnectionLot::work(Job job) {
  const Wait wait = job.guest->advance(job.why, monotonicNow() - job.since_ns);
  switch (wait.what) {
    case Wait::For::kEnd:
      forget(job.id);  // before its socket closes, whose number may be given out again at once
      break;
    case Wait::For::kTurn:
      job.why = Wake::kReady;
      workers_.push(std::move(job));
      break;
    default:
      park(job.id, std::move(job.guest), wait);
  }
}

void ConnectionLot::forget(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  places_.erase(id);
  if (places_.empty()) emptied_.notify_all();
}

void ConnectionLot::happened(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(id);
  if (found != places_.end() && found->second.guest) dispatch(found, Wake::kReady);
}

void ConnectionLot::expire() {
  const std::int64_t now = monotonicNow();
  const std::lock_guard lock(mutex_);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    dispatch(places_.find(deadlines_.begin()->second), Wake::kDeadline);
  }
}

int ConnectionLot::timeoutMs() {
  const std::lock_guard lock(mutex_);
  std::int64_t until = deadlines_.empty() ? kForEver : deadlines_.begin()->first;
  if (door_shut_until_ns_) until = std::min(until, *door_shut_until_ns_);
  sleeping_until_ns_ = until;
  if (until == kForEver) return -1;
  const std::int64_t left = until - monotonicNow();
  return static_cast<int>(std::clamp<std::int64_t>(left / kMillisecondNs + 1, 0, 60'000));
}

void ConnectionLot::tendDoor(bool knocked) {
  {
    const std::lock_guard lock(mutex_);
    const bool reopens = door_shut_until_ns_ && *door_shut_until_ns_ <= monotonicNow();
    if (stopping_ || (!knocked && !reopens)) return;
  }
  const auto shut_until = doorman_->open();
  const std::lock_guard lock(mutex_);
  door_shut_until_ns_ = shut_until;
  if (shut_until || stopping_) return;
  epoll_event event = interest(EPOLLIN | EPOLLONESHOT, kDoorId);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, doorman_->fd(), &event);
}

void ConnectionLot::run() {
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeoutMs());
    bool knocked = false;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
      if (id == kBellId) {
        std::uint64_t rings = 0;
        while (::read(bell_, &rings, sizeof rings) > 0)
          continue;
      } else if (id == kDoorId) {
        knocked = true;
      } else {
        happened(id);
      }
    }
    expire();
    tendDoor(knocked);
    const std::lock_guard lock(mutex_);
    if (ended_) return;
  }
}

void ConnectionLot::nudge() {
  const std::uint64_t one = 1;
  while (::write(bell_, &one, sizeof one) < 0 && errno == EINTR)
    continue;
}

void ConnectionLot::stop(std::chrono::milliseconds limit) {
  {
    std::unique_lock lock(mutex_);
    if (!stopping_ && doorman_ != nullptr) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, doorman_->fd(), nullptr);
      doorman_->close();
    }
    stopping_ = true;
    door_shut_until_ns_.reset();
    for (auto place = places_.begin(); place != places_.end(); ++place) {
      if (place->second.guest && !place->second.told) dispatch(place, Wake::kStopping);
    }
    emptied_.wait_for(lock, limit, [this] { return places_.empty(); });
    ended_ = true;
    nudge();
  }
  if (thread_.joinable()) thread_.join();
  workers_.stop();
  places_.clear();
}

}  // namespace redflag::http
