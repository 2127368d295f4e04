// Plugins that harm more than their own scan: what is left of them when their run is over, and of us.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "base/time.h"
#include "platform/orphans.h"
#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

RunOutcome sabotage(const std::string& act, std::int64_t time_ns = 20 * kSecondNs) {
  RunRequest request;
  auto manifest = host::loadManifest(REDFLAG_BUILD "/selftest", "hostile");
  if (!manifest) {
    ADD_FAILURE() << manifest.error().text;
    return {};
  }
  request.manifest = *manifest;
  request.interface_id = kScannerInterface;
  request.operation = "scan";
  request.settings = {{"act", act}};
  request.limits = defaultConfig().limits;
  request.limits.time_ns = time_ns;
  return Supervisor(std::make_shared<DirectStarter>(REDFLAG_BUILD "/bin/redflag-host"), kSecondNs / 5)
      .run(request);
}

class Sabotage : public testing::Test {
 protected:
  Sabotage() { platform::adoptOrphans(); }

  // Adopted, so whatever a plugin left behind would be here.
  static std::string ownChildren() {
    std::string all;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string line;
      std::getline(std::ifstream(thread.path() / "children"), line);
      all += line;
    }
    return all;
  }
  static long residentPages() {
    long total = 0;
    long resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident;
  }
};

TEST_F(Sabotage, leaves_no_process_of_a_fork_bomb_in_many_sessions) {
  const auto outcome = sabotage("fork_bomb", 120 * kSecondNs);
  EXPECT_EQ(outcome.status, "ok");
  ASSERT_EQ(outcome.records.size(), 1U);
  EXPECT_EQ(Json::parse(outcome.records[0]).at("value"), 60);
  EXPECT_EQ(ownChildren(), "");
}

TEST_F(Sabotage, leaves_no_daemon) {
  EXPECT_EQ(sabotage("daemon").status, "ok");
  EXPECT_EQ(ownChildren(), "");
}

TEST_F(Sabotage, ends_a_plugin_that_stops_itself) {
  const auto outcome = sabotage("stop", kSecondNs / 2);
  EXPECT_EQ(outcome.status, "hang");
  EXPECT_EQ(outcome.run_class, RunClass::kHang);
  EXPECT_EQ(ownChildren(), "");
}

#ifndef REDFLAG_SANITIZED
TEST_F(Sabotage, gives_no_plugin_the_memory_of_the_machine) {
  const auto before = residentPages();
  const auto outcome = sabotage("allocate");
  EXPECT_FALSE(outcome.complete);
  EXPECT_NE(outcome.status, "ok");
  EXPECT_LT(residentPages() - before, 1024) << "4 MiB of our own";
}
#endif

TEST_F(Sabotage, bounds_the_files_a_plugin_holds) {
  const auto outcome = sabotage("leak_files");
  EXPECT_EQ(outcome.status, "ok");
  ASSERT_EQ(outcome.records.size(), 1U);
  EXPECT_LT(Json::parse(outcome.records[0]).at("value").get<int>(), 256);
}

TEST_F(Sabotage, believes_no_plugin_that_writes_junk_and_ends_as_if_all_were_well) {
  const auto outcome = sabotage("junk_and_exit");
  EXPECT_EQ(outcome.run_class, RunClass::kBrokenContract);
  EXPECT_FALSE(outcome.complete);
  EXPECT_TRUE(outcome.records.empty());
}

}  // namespace
}  // namespace redflag::kernel
