#pragma once
// For tests of what not every machine has: `if (!mounted) REDFLAG_CANNOT_RUN << "nothing may be mounted
// here";` ends the test as skipped, and as failed where REDFLAG_MUST_RUN is set: scripts/test installs what
// is missing, so that what does not run there would be taken for tested.

#include <gtest/gtest.h>

#include <cstdlib>

namespace redflag::test {

inline bool mustRun() {
  const char* said = std::getenv("REDFLAG_MUST_RUN");
  return said != nullptr && *said != '\0';
}

inline ::testing::TestPartResult::Type cannotRun() {
  return mustRun() ? ::testing::TestPartResult::kFatalFailure : ::testing::TestPartResult::kSkip;
}

}  // namespace redflag::test

#define REDFLAG_CANNOT_RUN return GTEST_MESSAGE_("this test cannot run: ", redflag::test::cannotRun())
