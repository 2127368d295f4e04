#pragma once
// Time zones by their IANA names, from the system's tzdata. Threads: all functions from any thread.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace date {
class time_zone;
}

namespace redflag::calendar {

// A wall clock's minute, anywhere. Comparable; no check that it exists.
struct Local {
  std::int64_t minutes = 0;  // since 1970-01-01T00:00 on that wall clock
  auto operator<=>(const Local&) const = default;
};
std::string toText(Local local);  // "2026-03-29T02:30"

class Zone {
 public:
  // kInvalid for a name that is none, or where the system has no zones.
  static Result<Zone> find(const std::string& name);

  const std::string& name() const { return name_; }

  struct Instant {
    std::int64_t at = 0;  // ns since the epoch
    bool moved = false;   // the clock was put forward over it: `at` is when it was
  };
  // Of a time that comes twice, the first.
  Instant at(Local local) const;
  Local local(std::int64_t at) const;

 private:
  Zone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_;
  const date::time_zone* zone_;  // lives as long as the process
};

}  // namespace redflag::calendar
