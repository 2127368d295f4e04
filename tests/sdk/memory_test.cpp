// Whether a heap that is taken at once costs no exception when it is touched.
#include "host/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace redflag::host {
namespace {

constexpr std::size_t kBytes = std::size_t{1} << 20;
constexpr std::size_t kBlock = std::size_t{16} << 10;

long faults() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Touches every page of three quarters of what was asked for.
long faultsOfUse() {
  std::vector<volatile char*> blocks(kBytes * 3 / 4 / kBlock);
  const long before = faults();
  for (auto& block : blocks) {
    block = static_cast<volatile char*>(std::malloc(kBlock));
    for (std::size_t i = 0; i < kBlock; i += 1024)
      block[i] = 1;
  }
  const long after = faults();
  for (auto* block : blocks)
    std::free(const_cast<char*>(block));
  return after - before;
}

#ifndef __SANITIZE_ADDRESS__  // its malloc has other heaps
TEST(Heap, that_is_taken_at_once_is_there_when_it_is_touched) {
  for (int i = 0; i < 3; ++i) {
    takeHeapAtOnce(kBytes);
    EXPECT_LT(faultsOfUse(), 16) << "of "
                                 << kBytes * 3 / 4 / static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))
                                 << " pages";
  }
}
#endif

}  // namespace
}  // namespace redflag::host
