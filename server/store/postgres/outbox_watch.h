#pragma once
// Hears when another server on the same database has written to the outbox, and tells the others when this
// one has.
//
// One connection and one thread that LISTENs. What was missed while it was not connected, and what a pooler
// in transaction mode swallows (LISTEN needs a session), is found by looking at the outbox's newest number
// after each reconnect and every few seconds of silence.

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <thread>

#include "store/postgres/libpq.h"

namespace redflag::store::postgres {

class OutboxWatch {
 public:
  static constexpr const char* kChannel = "redflag_outbox";

  // `self` is the payload of this server's own notifications, which it does not need to hear. `grown` is
  // called on the watch's thread, for whatever is behind `newest`; now and then once more than needed.
  OutboxWatch(std::string url, std::string self, std::int64_t newest, std::function<void()> grown);
  ~OutboxWatch();
  // The others are told soon, once for all who ask meanwhile. [any thread]
  void tell();
  OutboxWatch(const OutboxWatch&) = delete;
  OutboxWatch& operator=(const OutboxWatch&) = delete;

 private:
  void run();
  void listen(PGconn* connection);
  bool wait(std::initializer_list<int> fds, int timeout_ms) const;  // false: stop
  bool hear(PGconn* connection);                                    // whether there was anything
  void look(PGconn* connection);
  bool tellOthers(PGconn* connection) const;  // whether there was anything to tell

  const std::string url_;
  const std::string self_;
  const std::function<void()> grown_;
  std::int64_t newest_;  // as looked at last
  std::atomic<bool> stopping_{false};
  const int stop_;     // eventfds: one ends every wait,
  const int to_tell_;  // one says that something is to be told
  std::thread thread_;
};

}  // namespace redflag::store::postgres
