#include "store/postgres/outbox_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <random>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "http/message.h"

namespace redflag::store::postgres {
namespace {

constexpr int kLookEveryMs = 5'000;
constexpr int kFirstPauseMs = 250;
constexpr int kLongestPauseMs = 10'000;

struct FreeNotify {
  void operator()(PGnotify* notify) const { PQfreemem(notify); }
};

int eventDescriptor() {
  const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (made < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return made;
}

int jittered(int pause_ms) {
  thread_local std::mt19937 random(std::random_device{}());
  return pause_ms / 2 + static_cast<int>(random() % static_cast<unsigned>(pause_ms));
}

}  // namespace

OutboxWatch::OutboxWatch(std::string url, std::string self, std::int64_t newest, std::function<void()> grown)
    : url_(std::move(url)),
      self_(std::move(self)),
      grown_(std::move(grown)),
      newest_(newest),
      stop_(eventDescriptor()),
      to_tell_(eventDescriptor()) {
  thread_ = std::thread([this] { run(); });
}

OutboxWatch::~OutboxWatch() {
  stopping_ = true;
  ::eventfd_write(stop_, 1);
  thread_.join();
  ::close(stop_);
  ::close(to_tell_);
}

void OutboxWatch::tell() {
  ::eventfd_write(to_tell_, 1);
}

bool OutboxWatch::wait(std::initializer_list<int> fds, int timeout_ms) const {
  std::vector<pollfd> all{{stop_, POLLIN, 0}};
  for (const int fd : fds)
    all.push_back({fd, POLLIN, 0});
  ::poll(all.data(), all.size(), timeout_ms);
  return !stopping_;
}

void OutboxWatch::run() {
  int pause_ms = kFirstPauseMs;
  while (!stopping_) {
    try {
      const Handle connection = connect(url_);
      ask(connection.get(), fmt::format("LISTEN {}", kChannel).c_str());
      pause_ms = kFirstPauseMs;
      listen(connection.get());
    } catch (const http::Problem& problem) {
      spdlog::debug("store: the outbox is not watched: {}", problem.detail);
    }
    if (!wait({}, jittered(pause_ms))) return;
    pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
  }
}

void OutboxWatch::listen(PGconn* connection) {
  bool looks = true;
  do {
    if (PQconsumeInput(connection) == 0) throwLost(PQerrorMessage(connection));
    const bool tells = tellOthers(connection);
    // What is asked may bring notifications with it, and they must not wait for the next ones.
    if (!hear(connection) && (looks || !tells)) {
      look(connection);
      hear(connection);
    }
    looks = false;
  } while (wait({PQsocket(connection), to_tell_}, kLookEveryMs));
}

bool OutboxWatch::tellOthers(PGconn* connection) const {
  eventfd_t times = 0;
  if (::eventfd_read(to_tell_, &times) != 0) return false;
  ask(connection, fmt::format("SELECT pg_notify('{}', '{}')", kChannel, self_).c_str());
  return true;
}

bool OutboxWatch::hear(PGconn* connection) {
  bool heard = false;
  bool others = false;
  while (const std::unique_ptr<PGnotify, FreeNotify> notify{PQnotifies(connection)}) {
    heard = true;
    others = others || self_ != notify->extra;
  }
  if (others) grown_();
  return heard;
}

void OutboxWatch::look(PGconn* connection) {
  const Result result = ask(connection, "SELECT COALESCE(MAX(seq), 0) FROM outbox");
  const std::int64_t newest = std::atoll(PQgetvalue(result.get(), 0, 0));
  // Also where something was told of since: that says nothing of what nobody told of.
  if (newest != newest_) grown_();
  newest_ = newest;
}

}  // namespace redflag::store::postgres
