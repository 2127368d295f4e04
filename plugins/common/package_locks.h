#pragma once
// Waiting until no other package manager is at work.

#include <string>
#include <vector>

#include "common/problem.h"
#include "redflag/sdk.hpp"

namespace redflag::plugin {

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

// Until nobody holds one of these files' locks, for which librpm itself would wait for ever.
// "MANAGER.locked", and RF_CANCELLED "MANAGER.cancelled".
Result<> waitForLocks(const std::vector<std::string>& files, const std::string& manager, const rf::Run& run,
                      const Patience& patience);

}  // namespace redflag::plugin
