#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/linux/landlock.h"
#include "host/walls.h"

namespace redflag::host {
namespace {

bool hasSystemCallFilters() {
  const unsigned action = SECCOMP_RET_ERRNO;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

}  // namespace

std::vector<Wall> possibleWalls() {
  const bool filters = hasSystemCallFilters();
  return {{"files", landlockLevel() > 0}, {"network", filters}, {"system_calls", filters}};
}

}  // namespace redflag::host
