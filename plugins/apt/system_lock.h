#pragma once
// The right to change the system: dpkg's frontend lock and its own, held until destroyed.

#include "problem.h"
#include "redflag/sdk.hpp"

namespace redflag::apt {

// Waits as SystemLock does, and takes nothing: for a dpkg that takes its locks itself. apt.dpkg_locked, or
// RF_CANCELLED.
Result<> waitForOtherManager(const rf::Run& run, const rf::Clock& clock, const rf::Progress& progress);

class SystemLock {
 public:
  // Waits at most a minute, and not past the run's deadline, for another package manager to end.
  // apt.dpkg_locked, apt.dpkg_interrupted, or RF_CANCELLED.
  static Result<SystemLock> acquire(rf::Run& run, const rf::Clock& clock, const rf::Progress& progress);
  SystemLock(SystemLock&& other) noexcept;
  SystemLock& operator=(SystemLock&&) = delete;
  ~SystemLock();

  // While dpkg runs it needs the inner lock itself; the outer one stays ours.
  void lendToDpkg();

 private:
  SystemLock() = default;
  bool held_ = true;
};

}  // namespace redflag::apt
