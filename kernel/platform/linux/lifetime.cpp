#include "platform/lifetime.h"

#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace redflag::platform {
namespace {

sigset_t wishes() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&set, number);
  return set;
}

// Segments that nobody may write are the file's own bytes: dropping them loses nothing.
int forgetUnwritten(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + part.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
    ::madvise(reinterpret_cast<void*>(begin), end - begin,
              MADV_DONTNEED);  // advice: a refusal changes nothing
  }
  return 0;
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
  ::dl_iterate_phdr(&forgetUnwritten, nullptr);
}

}  // namespace redflag::platform
