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

Result ask(PGconn* connection, const char* sql) {
  Result result(PQexec(connection, sql));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throwLost(PQerrorMessage(connection));
  return result;
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
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::thread([this] { run(); });
}

OutboxWatch::~OutboxWatch() {
  stopping_ = true;
  ::eventfd_write(bell_, 1);
  thread_.join();
  ::close(bell_);
}

bool OutboxWatch::wait(int fd, int timeout_ms) const {
  pollfd both[] = {{bell_, POLLIN, 0}, {fd, POLLIN, 0}};
  ::poll(both, fd < 0 ? 1 : 2, timeout_ms);
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
    if (!wait(-1, jittered(pause_ms))) return;
    pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
  }
}

void OutboxWatch::listen(PGconn* connection) {
  told_ = false;
  do {
    if (PQconsumeInput(connection) == 0) throwLost(PQerrorMessage(connection));
    // A look may bring notifications with it, and they must not wait for the next ones.
    if (!hear(connection)) {
      look(connection);
      hear(connection);
    }
  } while (wait(PQsocket(connection), kLookEveryMs));
}

bool OutboxWatch::hear(PGconn* connection) {
  bool heard = false;
  bool others = false;
  while (const std::unique_ptr<PGnotify, FreeNotify> notify{PQnotifies(connection)}) {
    heard = told_ = true;
    others = others || self_ != notify->extra;
  }
  if (others) grown_();
  return heard;
}

void OutboxWatch::look(PGconn* connection) {
  const Result result = ask(connection, "SELECT COALESCE(MAX(seq), 0) FROM outbox");
  const std::int64_t newest = std::atoll(PQgetvalue(result.get(), 0, 0));
  if (newest != newest_ && !told_) grown_();
  newest_ = newest;
  told_ = false;
}

}  // namespace redflag::store::postgres
