#include "folder_lock.h"

#include <apt-pkg/acquire.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "apt_errors.h"
#include "dpkg_activity.h"

namespace redflag::apt {
namespace {
constexpr std::int64_t kFolderPatienceNs = 60'000'000'000;
constexpr std::chrono::milliseconds kBetweenFolderTries{500};
}  // namespace

Result<> lockFolder(pkgAcquire& fetcher, const std::string& folder, const std::string& code,
                    std::int64_t until_ns, const rf::Run& run, const rf::Clock& clock,
                    const rf::Progress& progress) {
  const auto give_up_at = std::min(clock.monotonicNs() + kFolderPatienceNs, until_ns);
  // Whoever held it may have ended between the two questions: what nobody holds twice fails for another
  // reason.
  for (bool was_held = true; !fetcher.GetLock(folder);) {
    const auto text = takeAptErrors();
    const bool is_held = isWriteLocked(folder + "lock");
    if (run.cancelled())
      return fail(RF_CANCELLED, "apt.cancelled", "cancelled while waiting for another program that fetches");
    if ((!is_held && !was_held) || clock.monotonicNs() >= give_up_at) return fail(RF_TRANSIENT, code, text);
    was_held = is_held;
    progress.update(0, "Waiting for another program that fetches into " + folder);
    std::this_thread::sleep_for(kBetweenFolderTries);
  }
  forgetAptErrors();
  return {};
}

}  // namespace redflag::apt
