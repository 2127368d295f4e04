#include "selftest/trials.h"

#include <gmock/gmock.h>

#include <map>

#include "platform/orphans.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

// Starts hosts whose walls are left out, as a broken program of ours would.
class WithoutWalls : public HostStarter {
 public:
  Result<std::unique_ptr<StartedHost>> start(const RunRequest& request) const override {
    auto bare = request;
    bare.seal = host::Seal::kNone;
    return DirectStarter(REDFLAG_BUILD "/bin/redflag-host").start(bare);
  }
  bool ownUser() const override { return false; }
};

class Trials : public testing::Test {
 protected:
  std::map<std::string, TrialResult> tryAll(std::shared_ptr<const HostStarter> starter) {
    platform::adoptOrphans();
    auto hostile = host::loadManifest(REDFLAG_BUILD "/selftest", "hostile");
    EXPECT_TRUE(hostile) << hostile.error().text;
    std::map<std::string, TrialResult> results;
    const auto tried = tryHostilePlugin({std::move(starter), *hostile, folder_.path()},
                                        [&](const TrialResult& result) { results[result.name] = result; });
    EXPECT_TRUE(tried);
    return results;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Trials, of_a_hostile_plugin_all_hold) {
  const auto results = tryAll(std::make_shared<DirectStarter>(REDFLAG_BUILD "/bin/redflag-host"));
  EXPECT_GE(results.size(), 30U);
  for (const auto& [name, result] : results)
    EXPECT_TRUE(result.held) << name << ": " << result.text;
}

TEST_F(Trials, notice_that_there_are_no_walls) {
  const auto results = tryAll(std::make_shared<WithoutWalls>());
  for (const char* name : {"plugin.read", "plugin.write", "plugin.create", "plugin.remove", "plugin.open_up",
                           "plugin.execute", "plugin.connect", "plugin.local_socket", "plugin.signal"}) {
    EXPECT_FALSE(results.at(name).held) << name;
    EXPECT_EQ(results.at(name).text, "it could") << name;
  }
  // These need no wall, but a process of its own.
  EXPECT_TRUE(results.at("plugin.crash").held);
  EXPECT_TRUE(results.at("plugin.hang").held);
}

TEST_F(Trials, of_forged_orders_all_hold) {
  int tried = 0;
  ASSERT_TRUE(tryForgedOrders(folder_.path(), [&](const TrialResult& result) {
    ++tried;
    EXPECT_TRUE(result.held) << result.name << ": " << result.text;
  }));
  EXPECT_GE(tried, 10);
}

}  // namespace
}  // namespace redflag::kernel
