#pragma once
// Where connections wait. One thread owns one epoll set; a connection that waits costs memory and nothing
// else, however slowly its peer sends. When something happens to it, or its deadline passes, a worker takes
// it, moves it on as far as it goes without waiting, and parks it again.
//
// A connection is always in exactly one place: parked here, queued for a worker, or in a worker's hands.
// EPOLLONESHOT keeps it so, and makes every connection single-threaded without a lock of its own.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

#include "http/guest.h"
#include "http/workers.h"

namespace redflag::http {

// What the lot's thread watches beside connections: the listening socket.
class Doorman {
 public:
  virtual ~Doorman() = default;
  virtual int fd() const = 0;
  // Takes in who waits; must not block. When there is nothing to take them in with, answers the time
  // (monotonicNow()) before which it must not be asked again.
  virtual std::optional<std::int64_t> open() = 0;
  // Lets nobody in any more, and sends away who waits; open() may be at work meanwhile, or come once more.
  // [any thread]
  virtual void close() = 0;
};

// How busy a lot is at one moment.
struct LotLoad {
  std::size_t connections = 0;
  std::size_t parked = 0;  // of them: they cost no thread
  std::size_t queued = 0;  // of the others: no worker has had time for them
};

class ConnectionLot {
 public:
  explicit ConnectionLot(std::size_t worker_count);  // throws std::system_error
  ~ConnectionLot();
  ConnectionLot(const ConnectionLot&) = delete;
  ConnectionLot& operator=(const ConnectionLot&) = delete;

  // Watches it until stop(). Once.
  void listen(Doorman& doorman);

  std::uint64_t newId();
  // `id` from newId(). [any thread]
  void admit(std::uint64_t id, std::unique_ptr<Guest> guest, const Wait& wait);
  // Hands the connection to a worker with Wake::kCalled, at once or as soon as it is parked again. Nothing
  // happens if it is gone. [any thread]
  void call(std::uint64_t id);
  // Ends the one that has been spare (Wait::spare) for longest, within moments. False: none is. [any thread]
  bool makeRoom();
  std::size_t size() const;
  LotLoad load() const;

  // Stops listening, tells every connection kStopping once, waits until all have ended but not past `limit`,
  // then ends the rest and joins all threads. Requests that run are waited for; calls meanwhile are nothing.
  void stop(std::chrono::milliseconds limit);

 private:
  struct Place {
    std::unique_ptr<Guest> guest;  // empty while a worker has it
    std::int64_t deadline_ns = 0;
    bool watched = false;  // in the epoll set
    bool called = false;   // while a worker had it
    bool told = false;     // that we are stopping
  };
  using Places = std::unordered_map<std::uint64_t, Place>;

  void run();
  void happened(std::uint64_t id);
  void expire();
  int timeoutMs();
  void tendDoor(bool knocked);
  void park(std::uint64_t id, std::unique_ptr<Guest> guest, const Wait& wait);
  void watch(std::uint64_t id, Place& place, Wait::For what);
  void dispatch(Places::iterator place, Wake why);
  void work(Job job);
  void forget(std::uint64_t id);
  void nudge();

  const int epoll_;
  const int bell_;  // eventfd: the thread looks at its deadlines again
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  Places places_;
  using Deadlines = std::set<std::pair<std::int64_t, std::uint64_t>>;
  Deadlines deadlines_;         // of every parked one
  Deadlines spare_;             // of those of them that may end; all are spare for equally long
  std::uint64_t last_id_ = 16;  // below are the lot's own
  std::int64_t sleeping_until_ns_ = 0;
  bool stopping_ = false;
  bool ended_ = false;
  Doorman* doorman_ = nullptr;
  std::optional<std::int64_t> door_shut_until_ns_;
  Workers workers_;
  std::thread thread_;
};

}  // namespace redflag::http
