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

// Who holds a lock of the file's that keeps others from one of that kind; 0: nobody; -1: who has no number
// here.
pid_t holder(const std::string& file, int access, short kind) {
  const int fd = open(file.c_str(), access | O_CLOEXEC);
  if (fd < 0) return 0;
  struct flock lock {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  const bool held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(fd);
  return !held ? 0 : lock.l_pid == 0 ? -1 : lock.l_pid;
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
    while (const auto process = holder(file, O_RDWR, F_WRLCK)) {
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

std::optional<Problem> whoChanges(const std::vector<std::string>& files, const std::string& manager) {
  for (const auto& file : files)
    if (holder(file, O_RDONLY, F_RDLCK) != 0)
      return Problem{RF_TRANSIENT, manager + ".rpm_locked",
                     "another program is installing packages: what is installed may change"};
  return std::nullopt;
}

}  // namespace redflag::plugin
