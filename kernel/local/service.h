#pragma once
// A socket of a privileged program. Only one user is listened to, as the system names it, not as the peer
// says; each connection has a thread, and there are at most so many. Who breaks the protocol is cut off,
// counted and logged.

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "base/result.h"
#include "platform/local_socket.h"

namespace redflag::kernel {

class LocalService {
 public:
  struct Parts {
    std::uint32_t uid = 0;            // who is listened to
    std::size_t max_connections = 8;  // more are turned away
    // One connection, on a thread of its own; `stopping` becomes true when the service ends, and so does the
    // stream. The answer: why it was cut off, "" when it ended well.
    std::function<std::string(platform::LocalStream& stream, const std::atomic<bool>& stopping)> serve;
    // Somebody was turned away or cut off. On any of the service's threads.
    std::function<void(const std::string& why)> rejected;
  };

  // From now on. Its threads have the rights of the one that calls this.
  LocalService(platform::LocalListener listener, Parts parts);
  ~LocalService();  // cuts every connection off and waits for its thread
  LocalService(const LocalService&) = delete;
  LocalService& operator=(const LocalService&) = delete;

 private:
  struct Connection {
    explicit Connection(platform::LocalStream taken) : stream(std::move(taken)) {}
    platform::LocalStream stream;
    std::atomic<bool> over = false;
    std::thread thread;
  };

  void acceptAll();
  void pauseAfterError();
  void admit(platform::LocalStream stream);
  void dropFinished();
  void serve(Connection& connection);

  const Parts parts_;
  platform::LocalListener listener_;
  std::atomic<bool> stopping_ = false;
  std::list<Connection> connections_;  // touched by the accepting thread alone
  std::thread acceptor_;
};

}  // namespace redflag::kernel
