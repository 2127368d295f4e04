#pragma once
// Whether another package manager is at work, and waiting until none is.

#include <optional>
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

// Why what is installed may be half of what it will be: somebody holds one of these files' locks to change
// it. RF_TRANSIENT "MANAGER.rpm_locked". For who may only read them, and before librpm looks itself: it would
// lose its own lock.
std::optional<Problem> whoChanges(const std::vector<std::string>& files, const std::string& manager);

}  // namespace redflag::plugin
