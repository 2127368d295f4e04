#pragma once
// What the lot knows of a connection.

#include <cstdint>

namespace redflag::http {

// Why a worker was given the connection.
enum class Wake { kReady, kDeadline, kCalled, kStopping };

// What it waits for next.
struct Wait {
  enum class For {
    kRead,
    kWrite,
    kTurn,  // nothing: it has more to do, after everybody else who waits for a worker
    kEnd,   // it is done with
  };
  For what = For::kEnd;
  std::int64_t deadline_ns = 0;  // monotonicNow(); for kRead and kWrite
  bool spare = false;            // nothing is lost if it ends now: it is kept for a next request only
};

class Guest {
 public:
  virtual ~Guest() = default;
  virtual int fd() const = 0;
  // Does what can be done without waiting for the peer. Must not throw. [one worker at a time]
  virtual Wait advance(Wake why) = 0;
};

}  // namespace redflag::http
