#include "schedule/scheduler.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "platform/files.h"

namespace redflag::kernel {
namespace {

class FakeScanner : public Scanner {
 public:
  Result<std::vector<std::string>> scan(const ScanRequest& request) override {
    std::unique_lock lock(mutex_);
    for (const auto& plugin : request.plugins)
      scanned_.push_back(plugin);
    changed_.notify_all();
    if (request.plugins[0] == "slow")
      changed_.wait_for(lock, std::chrono::seconds(10), [&] { return released_; });
    if (released_) return fail(Code::kCancelled, "stopping");
    if (request.plugins[0] == "unkept") return fail(Code::kIo, "no space left on the device");
    return std::vector<std::string>{"id"};
  }
  Result<Json> listActions(const std::string&) override { return Json(); }
  Result<Json> runAction(const std::string&, const std::string&, const Json&, const std::string&) override {
    return Json();
  }
  Result<Json> runUpdater(const std::string&, const std::string&, const Json&, const std::string&) override {
    return Json();
  }
  Json status() const override { return {}; }

  bool waitFor(const std::string& plugin) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::find(scanned_.begin(), scanned_.end(), plugin) != scanned_.end();
    });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return scanned_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> scanned_;
  bool released_ = false;
};

class SchedulerTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-scheduler-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static Config withPlugins(const std::vector<std::string>& ids) {
    Config config = defaultConfig();
    for (const auto& id : ids)
      config.plugins.push_back(defaultPlugin(config, id));
    return config;
  }
  std::filesystem::path file() const { return folder_ / "schedule.json"; }
  bool waitForRun(const Scheduler& scheduler, const std::string& plugin) {
    for (int i = 0; i < 2000 && scheduler.lastRun(plugin) == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return scheduler.lastRun(plugin) != 0;
  }
  std::filesystem::path folder_;
  FakeScanner scanner_;
};

TEST_F(SchedulerTest, scans_beside_one_that_hangs_and_stops_when_the_scanner_does) {
  Scheduler scheduler(scanner_, file());
  scheduler.start(withPlugins({"apt", "slow", "system"}));
  EXPECT_TRUE(scanner_.waitFor("slow"));
  EXPECT_TRUE(waitForRun(scheduler, "apt"));
  EXPECT_TRUE(waitForRun(scheduler, "system"));
  scanner_.release();
  scheduler.stop();
  EXPECT_EQ(scheduler.lastRun("slow"), 0);  // it was cut off: it is due again at the next start
}

TEST_F(SchedulerTest, remembers_over_a_restart_that_it_has_scanned) {
  {
    Scheduler scheduler(scanner_, file());
    scheduler.start(withPlugins({"apt"}));
    ASSERT_TRUE(waitForRun(scheduler, "apt"));
  }
  Scheduler again(scanner_, file());
  again.start(withPlugins({"apt", "system"}));
  ASSERT_TRUE(waitForRun(again, "system"));
  EXPECT_GT(again.nextAt("apt"), epochNow());
  again.stop();
  EXPECT_EQ(scanner_.count(), 2U);
}

TEST_F(SchedulerTest, scans_at_once_after_the_machine_was_restarted_and_not_after_the_agent_was) {
  for (const char* boot_id : {"first", "first", "", "second", "second"}) {
    Scheduler scheduler(scanner_, file(), systemClock(), boot_id);
    scheduler.start(withPlugins({"apt"}));
    ASSERT_TRUE(waitForRun(scheduler, "apt"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    scheduler.stop();
  }
  EXPECT_EQ(scanner_.count(), 2U);
}

TEST_F(SchedulerTest, does_not_count_a_scan_whose_outcome_could_not_be_kept) {
  Scheduler scheduler(scanner_, file());
  scheduler.start(withPlugins({"unkept"}));
  ASSERT_TRUE(scanner_.waitFor("unkept"));
  for (int i = 0; i < 2000 && scheduler.nextAt("unkept") == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GT(scheduler.nextAt("unkept"), epochNow());
  EXPECT_LT(scheduler.nextAt("unkept"), epochNow() + 120 * kSecondNs);
  EXPECT_EQ(scheduler.lastRun("unkept"), 0);
}

TEST_F(SchedulerTest, starts_what_a_new_configuration_adds) {
  Scheduler scheduler(scanner_, file());
  scheduler.start(withPlugins({}));
  scheduler.configure(withPlugins({"apt"}));
  EXPECT_TRUE(waitForRun(scheduler, "apt"));
}

TEST_F(SchedulerTest, hurries_for_a_while_whatever_the_configuration_says) {
  Scheduler scheduler(scanner_, file());
  scheduler.start(withPlugins({"apt", "system"}));
  ASSERT_TRUE(waitForRun(scheduler, "apt"));
  ASSERT_TRUE(waitForRun(scheduler, "system"));
  scheduler.hurry({"system"}, kSecondNs / 20, kSecondNs / 2);
  scheduler.configure(withPlugins({"apt", "system"}));  // does not end it
  for (int i = 0; i < 2000 && scanner_.count() < 5; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GE(scanner_.count(), 5U);
  for (int i = 0; i < 2000 && scheduler.nextAt("system") < epochNow() + 60 * kSecondNs; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GT(scheduler.nextAt("system"), epochNow() + 60 * kSecondNs) << "it is over";
  EXPECT_LT(scanner_.count(), 20U);
}

TEST_F(SchedulerTest, a_hurry_of_no_time_ends_one) {
  Scheduler scheduler(scanner_, file());
  scheduler.start(withPlugins({"system"}));
  ASSERT_TRUE(waitForRun(scheduler, "system"));
  scheduler.hurry({"system"}, 10 * kSecondNs, 3600 * kSecondNs);
  EXPECT_LT(scheduler.nextAt("system"), epochNow() + 11 * kSecondNs);
  scheduler.hurry({"system"}, 10 * kSecondNs, 0);
  EXPECT_GT(scheduler.nextAt("system"), epochNow() + 60 * kSecondNs);
}

TEST_F(SchedulerTest, scans_at_once_when_its_file_is_damaged) {
  std::ofstream(file()) << "{\"apt\": 7, \"system\": \"yesterday\", broken";
  Scheduler scheduler(scanner_, file());
  scheduler.start(withPlugins({"apt", "system"}));
  EXPECT_TRUE(waitForRun(scheduler, "apt"));
  EXPECT_TRUE(waitForRun(scheduler, "system"));
}

}  // namespace
}  // namespace redflag::kernel
