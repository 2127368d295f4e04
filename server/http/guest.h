#pragma once
// What the lot knows of a connection.

#include <cstddef>
#include <cstdint>

namespace redflag::http {

// Who waits for a worker waits behind others of its own kind only.
enum class Lane {
  kPeople,     // who are signed in, their programs, and who monitors
  kStrangers,  // of whom it is not known yet who they are
  kAgents,
};
inline constexpr std::size_t kLanes = 3;

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
  virtual Lane lane() const { return Lane::kStrangers; }
  // Does what can be done without waiting for the peer. `waited_ns`: for this worker. Must not throw. [one
  // worker at a time]
  virtual Wait advance(Wake why, std::int64_t waited_ns) = 0;
};

}  // namespace redflag::http
