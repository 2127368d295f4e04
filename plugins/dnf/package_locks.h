#pragma once
// Waiting until no other package manager is at work.

#include <string>

#include "problem.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf {

// How long an installation waits for others before a download, and again before it changes anything: a
// minute, and not past the run's deadline.
class Patience {
 public:
  Patience(rf::Run& run, const rf::Clock& clock, const rf::Progress& progress);
  // Waits half a second. False: there was enough of that, or the run was cancelled.
  bool wait() const;

 private:
  rf::Run& run_;
  const rf::Clock& clock_;
  const rf::Progress& progress_;
  std::int64_t give_up_at_;
};

// Until nobody holds rpm's lock on transactions, for which librpm itself would wait for ever. dnf's own locks
// are dnf's to find out about. `dnf.locked`, RF_CANCELLED.
Result<> waitForRpm(const Settings& settings, const rf::Run& run, const Patience& patience);

}  // namespace redflag::dnf
