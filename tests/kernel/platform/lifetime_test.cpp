#include "platform/lifetime.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace redflag::platform {
namespace {

// KiB of files' bytes that are mapped into this process now.
long mappedFilesKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "RssFile:") continue;
    long kib = 0;
    status >> kib;
    return kib;
  }
  return -1;
}

TEST(Lifetime, TrimmingGivesBackCodeAndWhatIsCalledNextStillWorks) {
  const long before = mappedFilesKib();
  ASSERT_GT(before, 0);
  trimMemory();
  const long after = mappedFilesKib();
  EXPECT_LT(after, before * 3 / 4);
  EXPECT_EQ(std::to_string(before), testing::PrintToString(before));  // code from both sides of the border
}

}  // namespace
}  // namespace redflag::platform
