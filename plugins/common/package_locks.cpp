#include "common/package_locks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace redflag::plugin {
namespace {

constexpr std::int64_t kPatienceNs = 60'000'000'000;
constexpr std::chrono::milliseconds kBetweenTries{500};

// Who holds the file's lock; 0: nobody.
pid_t holder(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return 0;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(fd);
  return held ? lock.l_pid : 0;
}

}  // namespace

Patience::Patience(rf::Run& run, const rf::Clock& clock, const rf::Progress& progress)
    : run_(run),
      clock_(clock),
      progress_(progress),
      give_up_at_(std::min(clock.monotonicNs() + kPatienceNs, run.deadlineNs())) {}

bool Patience::wait() const {
  if (run_.cancelled() || clock_.monotonicNs() >= give_up_at_) return false;
  progress_.update(0, "Waiting for another package manager to finish");
  std::this_thread::sleep_for(kBetweenTries);
  return true;
}

Result<> waitForLocks(const std::vector<std::string>& files, const std::string& manager, const rf::Run& run,
                      const Patience& patience) {
  for (const auto& file : files) {
    while (const auto process = holder(file)) {
      if (patience.wait()) continue;
      if (run.cancelled())
        return fail(RF_CANCELLED, manager + ".cancelled",
                    "cancelled while waiting for another package manager");
      return fail(RF_TRANSIENT, manager + ".locked",
                  "process " + std::to_string(process) + " holds the lock " + file + "; nothing was changed");
    }
  }
  return {};
}

}  // namespace redflag::plugin
