// What the agent's and the broker's programs write.
#include "local/log.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"

namespace redflag::kernel {
namespace {

class KeptLog : public ::testing::Test {
 protected:
  KeptLog() : before_(spdlog::default_logger()) { startLog("info", "stderr"); }
  ~KeptLog() override { spdlog::set_default_logger(before_); }

 private:
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(KeptLog, has_one_line_of_each_event_whatever_a_server_says) {
  spdlog::warn("no contact with {}: {}", "https://a",
               "status 503 x: y\n2026-01-01T00:00:00.000Z info forged");
  const auto lines = recentLog(10);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].find('\n'), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find(" warning no contact with https://a: status 503 x: y\\n2026"), std::string::npos)
      << lines[0];
}

}  // namespace
}  // namespace redflag::kernel
