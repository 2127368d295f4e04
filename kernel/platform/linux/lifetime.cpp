#include "platform/lifetime.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>

namespace redflag::platform {
namespace {

sigset_t wishes() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&set, number);
  return set;
}

}  // namespace

Lifetime::Lifetime() {
  const sigset_t set = wishes();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error code of the call
}

Wish Lifetime::wait(std::int64_t timeout_ns) {
  const sigset_t set = wishes();
  const std::int64_t ns = std::max<std::int64_t>(timeout_ns, 0);
  const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
  switch (::sigtimedwait(&set, nullptr, &timeout)) {
    case SIGTERM:
    case SIGINT:
      return Wish::kStop;
    case SIGHUP:
      return Wish::kReload;
    default:
      return Wish::kNone;
  }
}

void forbidCoreDumps() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void keepMemorySmall() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 10);
}

void trimMemory() {
  ::malloc_trim(0);
}

}  // namespace redflag::platform
