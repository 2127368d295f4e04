#include "system_lock.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/pkgsystem.h>

#include <chrono>
#include <thread>
#include <utility>

#include "apt_errors.h"
#include "dpkg_activity.h"

namespace redflag::apt {
namespace {
constexpr std::int64_t kPatienceNs = 60'000'000'000;
constexpr std::chrono::milliseconds kBetweenTries{500};

tl::unexpected<Problem> cancelledWhileWaiting() {
  return fail(RF_CANCELLED, "apt.cancelled", "cancelled while waiting for another package manager");
}

void waitABit(const rf::Progress& progress) {
  progress.update(0, "Waiting for another package manager to finish");
  std::this_thread::sleep_for(kBetweenTries);
}

}  // namespace

Result<> waitForOtherManager(const rf::Run& run, const rf::Clock& clock, const rf::Progress& progress) {
  const auto give_up_at = std::min(clock.monotonicNs() + kPatienceNs, run.deadlineNs());
  for (;;) {
    const auto activity = dpkgActivity();
    if (!activity || activity->status != RF_TRANSIENT) return {};
    if (run.cancelled()) return cancelledWhileWaiting();
    if (clock.monotonicNs() >= give_up_at) return tl::unexpected<Problem>(*activity);
    waitABit(progress);
  }
}

Result<SystemLock> SystemLock::acquire(rf::Run& run, const rf::Clock& clock, const rf::Progress& progress) {
  _config->Set("DPkg::Lock::Timeout", 0);  // the waiting is done here, where it can be cancelled
  const auto give_up_at = std::min(clock.monotonicNs() + kPatienceNs, run.deadlineNs());
  while (!_system->Lock()) {
    const auto text = takeAptErrors();
    const auto activity = dpkgActivity();
    if (activity && activity->status == RF_PERMANENT) return tl::unexpected<Problem>(*activity);
    if (run.cancelled()) return cancelledWhileWaiting();
    if (clock.monotonicNs() >= give_up_at) return fail(RF_TRANSIENT, "apt.dpkg_locked", text);
    waitABit(progress);
  }
  forgetAptErrors();
  return SystemLock();
}

SystemLock::SystemLock(SystemLock&& other) noexcept : held_(std::exchange(other.held_, false)) {}

SystemLock::~SystemLock() {
  if (held_) _system->UnLock(true);
}

void SystemLock::lendToDpkg() {
  _system->UnLockInner();
}

}  // namespace redflag::apt
