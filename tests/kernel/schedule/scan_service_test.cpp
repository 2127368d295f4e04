// The whole way with real hosts: configuration, breaker, host, spool.
#include "schedule/scan_service.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <thread>

#include "base/encoding.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ScanServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    char name[] = "/tmp/redflag-scans-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    service_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Third parties' plugins have to be pinned; these are the test's own.
  static std::string entry(const std::string& id, const std::string& more = "") {
    const auto manifest = host::loadManifest(plugins(), id);
    EXPECT_TRUE(manifest) << manifest.error().text;
    return "  " + id + ": {sha256: " + (manifest ? manifest->sha256 : "") + more + "}\n";
  }
  static std::filesystem::path plugins() { return REDFLAG_BUILD "/test_plugins"; }

  void start(const std::string& plugin_lines, const std::string& more = "") {
    ASSERT_TRUE(platform::writeFileAtomic(folder_ / "agent.yaml",
                                          "version: 1\n" + more + "plugins:\n" + plugin_lines));
    auto config = ConfigStore::open(folder_ / "agent.yaml", folder_);
    ASSERT_TRUE(config) << config.error().text;
    config_ = std::move(*config);
    auto spool = Spool::open(folder_ / "spool.db", 1U << 20U);
    ASSERT_TRUE(spool);
    spool_ = std::move(*spool);
    auto breakers =
        BreakerStore::open(folder_ / "breakers.db", systemClock(),
                           [this](const BreakerTransition& t) { items_.push_back(breakerItem(t, newId())); });
    ASSERT_TRUE(breakers);
    breakers_ = std::move(*breakers);
    runner_.emplace(std::make_shared<DirectStarter>(REDFLAG_BUILD "/bin/redflag-host"), folder_);
    service_ = std::make_unique<ScanService>(
        ScanService::Parts{*config_, {plugins(), false}, *runner_, *breakers_, *spool_});
  }

  std::vector<Json> spooled() {
    std::vector<Json> out;
    const auto items = spool_->oldest(100, 100U << 20U);
    EXPECT_TRUE(items);
    for (const auto& item : *items) {
      auto json = parseJson(item.body, {.bytes = 64U << 20U});
      EXPECT_TRUE(json) << json.error().text;
      out.push_back(*json);
    }
    return out;
  }
  BreakerPhase phaseOf(const std::string& id) {
    return breakers_->state({id, "1.0.0", kScannerInterface})->phase;
  }

  std::filesystem::path folder_;
  std::unique_ptr<ConfigStore> config_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<BreakerStore> breakers_;
  std::optional<PluginRunner> runner_;
  std::vector<std::string> items_;
  std::unique_ptr<ScanService> service_;
};

TEST_F(ScanServiceTest, spools_a_scan_under_the_id_it_answers) {
  start(entry("test.good"));
  const auto ids = service_->scan({{"test.good"}, "updates", Trigger::kCommand, "CMD"});
  ASSERT_TRUE(ids) << ids.error().text;
  const auto items = spooled();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_THAT(*ids, ElementsAre(items[0]["id"].get<std::string>()));
  EXPECT_EQ(items[0]["kind"], "scan");
  EXPECT_EQ(items[0]["trigger"], "command");
  EXPECT_EQ(items[0]["command_id"], "CMD");
  EXPECT_EQ(items[0]["complete"], true);
  EXPECT_EQ(items[0]["plugin_version"], "1.2.3");
}

// The updater of a machine whose packages are files.
class ProofOfInstall : public ScanServiceTest {
 protected:
  void SetUp() override {
    ScanServiceTest::SetUp();
    for (const auto* name : {"packages", "available"})
      std::filesystem::create_directories(folder_ / "machine" / name);
    std::ofstream(folder_ / "machine/packages/nginx") << "2";
    start(entry("test.updater",
                ", settings: {folder: \"" + machine() + "\"}, capabilities: [\"read:" + machine() + "\"]"));
    proof_.ordered = {{{"key", "nginx:all"}, {"name", "nginx"}, {"arch", "all"}, {"version", "2"}},
                      {{"key", "gone:all"}, {"name", "gone"}, {"arch", "all"}, {"version", "1"}}};
  }
  std::string machine() const { return (folder_ / "machine").string(); }

  ScanRequest proof_{{"test.updater"}, "verify", Trigger::kVerify, "CMD"};
};

TEST_F(ProofOfInstall, says_what_the_manager_says_is_installed) {
  ASSERT_TRUE(service_->scan(proof_));
  const auto items = spooled();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["complete"], true);
  EXPECT_EQ(items[0]["records"], Json::array({{{"record", "package/1"},
                                               {"scope", "files"},
                                               {"manager", "test.updater"},
                                               {"key", "nginx:all"},
                                               {"name", "nginx"},
                                               {"arch", "all"},
                                               {"version", "2"}}}));
}

TEST_F(ProofOfInstall, is_a_scan_without_it_where_the_manager_says_nothing) {
  std::ofstream(folder_ / "machine/mute") << "";
  ASSERT_TRUE(service_->scan(proof_));
  const auto items = spooled();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["complete"], true);
  EXPECT_THAT(items[0]["records"], IsEmpty());
}

TEST_F(ScanServiceTest, scans_every_enabled_plugin_and_none_else) {
  start(entry("test.good") + "  ghost:\n");
  const auto ids = service_->scan({});
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->size(), 2U);
  const auto items = spooled();
  ASSERT_EQ(items.size(), 2U);
  const auto& ghost = items[0]["plugin"] == "ghost" ? items[0] : items[1];
  EXPECT_EQ(ghost["status"], "not_applicable");
  EXPECT_EQ(ghost["reports"][0]["code"], "plugin.not_installed");
  EXPECT_EQ(service_->scan({{"apt"}, "updates", Trigger::kCommand, ""}).error().code, Code::kInvalid);
}

TEST_F(ScanServiceTest, also_looks_at_services_when_it_proves_an_order_and_else_not) {
  start(entry("test.moody") + entry("test.good"));
  EXPECT_EQ(service_->scan({{"test.moody"}, "updates", Trigger::kCommand, "CMD"})->size(), 1U);
  EXPECT_EQ(service_->scan({{"test.moody"}, "verify", Trigger::kVerify, "CMD"})->size(), 2U);
  EXPECT_EQ(service_->scan({{"test.good"}, "verify", Trigger::kVerify, "CMD"})->size(), 1U);
  std::vector<std::string> scanned;
  for (const auto& item : spooled())
    scanned.push_back(item["plugin"].get<std::string>() + " " + item["purpose"].get<std::string>());
  EXPECT_THAT(scanned, testing::IsSupersetOf({"test.good verify", "test.moody verify"}));
}

TEST_F(ScanServiceTest, takes_an_inventory_of_who_has_one_and_of_others_what_they_always_say) {
  start(entry("test.good") + entry("test.moody"));
  ASSERT_TRUE(service_->scan({{"test.good", "test.moody"}, "inventory", Trigger::kCommand, "CMD"}));
  std::map<std::string, Json> scans;
  for (const auto& item : spooled())
    scans[item["plugin"]] = item;
  EXPECT_EQ(scans["test.good"]["purpose"], "updates")
      << "it tells of updates, which an inventory cannot hold";
  EXPECT_EQ(scans["test.good"]["complete"], true);
  EXPECT_EQ(scans["test.moody"]["purpose"], "inventory") << "it has a kind of its own";
}

TEST_F(ScanServiceTest, opens_the_breaker_of_a_plugin_that_crashes_and_tells_the_server) {
  start(entry("test.crasher") + entry("test.good"));
  ASSERT_TRUE(service_->scan({{}, "updates", Trigger::kSchedule, ""}));
  EXPECT_EQ(phaseOf("test.crasher"), BreakerPhase::kOpen);
  ASSERT_EQ(items_.size(), 1U);
  const auto told = *parseJson(items_[0]);
  EXPECT_EQ(told["class"], "crash");
  EXPECT_EQ(told["code"], "run.crash");
  EXPECT_EQ(told["from"], "closed");
  EXPECT_EQ(told["to"], "open");
  EXPECT_TRUE(told.contains("open_until"));

  // The schedule waits; a person is the probe.
  const auto waiting = service_->scanAll({{"test.crasher"}, "updates", Trigger::kSchedule, ""});
  EXPECT_EQ((*waiting)[0].outcome.status, "breaker_open");
  EXPECT_THAT((*waiting)[0].outcome.reports[0].text, HasSubstr("rests until"));
  const auto probe = service_->scanAll({{"test.crasher"}, "updates", Trigger::kManual, ""});
  EXPECT_EQ((*probe)[0].outcome.status, "crash");
  EXPECT_EQ(phaseOf("test.crasher"), BreakerPhase::kOpen);
}

TEST_F(ScanServiceTest, never_lets_a_failed_scan_displace_a_complete_one) {
  start(entry("test.good"));
  ASSERT_TRUE(service_->scan({}));
  ASSERT_TRUE(service_->scan({}));
  EXPECT_EQ(spooled().size(), 1U);  // the newer complete one
}

TEST_F(ScanServiceTest, turns_off_only_the_plugin_whose_settings_are_bad) {
  start(entry("test.good", ", settings: {colour: red}") + entry("test.crasher"));
  const auto reports = service_->scanAll({{"test.good"}, "updates", Trigger::kSchedule, ""});
  ASSERT_TRUE(reports);
  EXPECT_EQ((*reports)[0].outcome.status, "misconfigured");
  EXPECT_EQ((*reports)[0].outcome.reports[0].code, "config.invalid");
  EXPECT_THAT((*reports)[0].outcome.reports[0].text, HasSubstr("agent.yaml:3:"));
  const Json status = service_->status();
  ASSERT_EQ(status["plugins"].size(), 2U);
  EXPECT_EQ(status["plugins"][0]["id"], "test.crasher");
  EXPECT_EQ(status["plugins"][0]["state"], "ok");
  EXPECT_EQ(status["plugins"][1]["state"], "refused");
}

TEST_F(ScanServiceTest, runs_nothing_where_isolation_is_required_and_a_wall_is_missing) {
  start(entry("test.good"), "isolation: require\n");
  const auto reports = service_->scanAll({});
  EXPECT_EQ((*reports)[0].outcome.status, "denied");
  EXPECT_THAT((*reports)[0].outcome.reports[0].text, HasSubstr("walls are missing: own_user"));
}

TEST_F(ScanServiceTest, keeps_what_a_plugin_wants_kept) {
  start(entry("test.good"));
  ASSERT_TRUE(service_->scan({}));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "plugins" / "test.good.state"));
}

TEST_F(ScanServiceTest, plans_nothing_that_changes_the_machine) {
  start(entry("test.good"));
  EXPECT_EQ(service_->runUpdater("test.good", "install", {}, "").error().code, Code::kDenied);
  EXPECT_EQ(service_->runUpdater("apt", "plan", {}, "").error().code, Code::kInvalid);
  EXPECT_EQ(service_->runUpdater("test.good", "plan", Json::object(), "").error().code, Code::kUnsupported);
}

TEST_F(ScanServiceTest, runs_the_actions_of_a_plugin_that_change_nothing_and_no_others) {
  start(entry("test.actions", ", settings: {folder: /nonexistent}") + entry("test.good"));
  const auto list = service_->listActions("test.actions");
  ASSERT_TRUE(list) << list.error().text;
  EXPECT_EQ(list->at("actions").size(), 4U);
  EXPECT_EQ(service_->runAction("test.actions", "peek", Json::object(), "").value(),
            Json({{"uid", ::getuid()}}));
  EXPECT_EQ(service_->runAction("test.actions", "peek", {{"far", true}}, "").error().code, Code::kInvalid);
  EXPECT_EQ(service_->runAction("test.actions", "write", {{"path", "/x"}}, "").error().code, Code::kDenied);
  EXPECT_EQ(service_->runAction("test.actions", "dance", Json::object(), "").error().code,
            Code::kUnsupported);
  EXPECT_EQ(service_->listActions("test.good").error().code, Code::kUnsupported);
  EXPECT_EQ(service_->listActions("apt").error().code, Code::kInvalid);
}

TEST_F(ScanServiceTest, does_not_scan_a_plugin_that_only_acts) {
  start(entry("test.actions", ", settings: {folder: /nonexistent}") + entry("test.good"));
  const auto scans = service_->scan({});
  ASSERT_TRUE(scans);
  EXPECT_EQ(scans->size(), 1U);
  ASSERT_EQ(spooled().size(), 1U);
  EXPECT_EQ(spooled()[0].at("plugin"), "test.good");
}

TEST_F(ScanServiceTest, ends_a_hanging_scan_when_it_is_stopped_and_spools_nothing_of_it) {
  start(entry("test.hanger"));
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    service_->stop();
  });
  const auto scanned = service_->scan({});
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().code, Code::kCancelled);
  EXPECT_THAT(spooled(), IsEmpty());
  EXPECT_EQ(phaseOf("test.hanger"), BreakerPhase::kClosed);
}

}  // namespace
}  // namespace redflag::kernel
