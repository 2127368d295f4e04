// Orders carried out by real hosts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <mutex>

#include "../../support/cannot_run.h"
#include "base/encoding.h"
#include "executor/host_run.h"
#include "host/manifest.h"
#include "protocol/plan_hash.h"
#include "support.h"

namespace redflag::kernel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Install : public testing::Test {
 protected:
  Install() {
    EXPECT_TRUE(initCrypto().has_value());
    std::filesystem::create_directory(machine.path() / "packages");
    rules.state.policy = allowEverything();
    auto manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", "test.updater");
    EXPECT_TRUE(manifest.has_value()) << manifest.error().text;
    rules.state.plugins["test.updater"] = {
        *manifest, {{"folder", machine.path().string()}}, {}, {}, 10 * kSecondNs};
    EXPECT_TRUE(saveExecutorTrust(folder.path(), server.trust()).has_value());
    clock.epoch = epochNow();
  }

  void begin(const std::string& boot_id = "boot-1") {
    executor = std::make_unique<Executor>(
        ExecutorOptions{folder.path(), REDFLAG_BUILD "/bin/redflag-host", {}, limits, boot_id}, rules, keys,
        clock);
    executor->attach([this](const Json& event) {
      const std::lock_guard lock(mutex);
      events.push_back(event);
    });
    ASSERT_TRUE(executor->start().has_value());
  }
  Json submit(const protocol::Envelope& envelope) {
    return executor->handle(submitRequest(server.seal(envelope)));
  }
  // The order's result; null when there is none in time.
  Json resultOf(const protocol::Envelope& envelope) {
    Json result;
    eventually([&] {
      const std::lock_guard lock(mutex);
      for (const Json& event : events) {
        if (event.at("event") == "result" && event.at("command_id") == envelope.command_id) result = event;
      }
      return !result.is_null();
    });
    return result;
  }
  Json carryOut(const protocol::Envelope& envelope) {
    EXPECT_EQ(submit(envelope).at("event"), "accepted");
    return resultOf(envelope);
  }
  protocol::Envelope order() const { return server.order(clock.epoch); }
  std::filesystem::path mark(const char* name) const {
    std::ofstream(machine.path() / name) << "";
    return machine.path() / name;
  }
  std::string log() const { return readAll(machine.path() / "log"); }
  std::vector<std::string> eventNames() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> out;
    for (const Json& event : events)
      out.push_back(event.at("event"));
    return out;
  }

  TestFolder machine;
  TestFolder folder;
  TestClock clock;
  TestRules rules;
  Server server;
  TestKeys keys{server.key.publicKey()};
  InstallLimits limits;
  std::mutex mutex;
  std::vector<Json> events;
  std::unique_ptr<Executor> executor;
};

TEST_F(Install, installs_what_was_confirmed_and_tells_how_it_goes) {
  mark("reboot");
  begin();
  const auto envelope = order();
  const Json result = carryOut(envelope);
  EXPECT_EQ(result.at("state"), "succeeded") << result;
  EXPECT_EQ(result.at("results").at(0).at("steps").at(0).at("result"), "done");
  EXPECT_EQ(result.at("results").at(0).at("needs_reboot"), true);
  EXPECT_EQ(readAll(machine.path() / "packages/nginx"), "2");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
  EXPECT_THAT(eventNames(), ElementsAre("accepted", "running", "log", "progress", "result"));
  EXPECT_EQ(submit(envelope), result);
  executor->handle({{"op", "ack"}, {"command_id", envelope.command_id}});
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "runs" / envelope.command_id));
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

TEST_F(Install, tells_a_result_of_40_MiB_in_full) {
  std::ofstream(mark("chatty")) << 40;
  begin();
  const auto envelope = order();
  const Json result = carryOut(envelope);
  EXPECT_EQ(result.at("state"), "succeeded") << result.value("code", "");
  EXPECT_EQ(result.at("results").at(0).at("steps").at(0).at("said").get_ref<const std::string&>().size(),
            40U << 20);
  begin();  // what is told again comes from the journal
  EXPECT_TRUE(submit(envelope) == result);
}

// Whatever it says about it, or does not: it is installed.
TEST_F(Install, is_never_told_as_failed_for_what_was_said_about_it) {
  const std::pair<const char*, const char*> cases[] = {{"chatty", "result.too_long"},
                                                       {"silent", "install.no_result"}};
  for (const auto& [name, code] : cases) {
    std::filesystem::remove(machine.path() / "packages/nginx");
    const auto file = mark(name);
    std::ofstream(file) << 60;
    begin();
    const Json result = carryOut(order());
    EXPECT_EQ(result.at("state"), "succeeded") << name;
    EXPECT_EQ(result.value("code", ""), code);
    EXPECT_EQ(result.at("results"), Json::parse(R"([{"needs_reboot":false}])"));
    EXPECT_EQ(readAll(machine.path() / "packages/nginx"), "2");
    std::filesystem::remove(file);
  }
}

TEST_F(Install, carries_out_orders_one_after_the_other) {
  begin();
  auto second = order();
  second.actions[0].parameters = parametersOf({{"curl", "8"}});
  second.plan_hash = planHashOf({{"curl", "8"}});
  const auto hold = mark("hold");
  const auto first = order();
  submit(first);
  submit(second);
  ASSERT_TRUE(eventually([this] { return log() == "install begins\n"; }));
  EXPECT_EQ(executor->handle({{"op", "status"}}).at("queued"), 1);
  EXPECT_EQ(executor->handle({{"op", "status"}}).at("running"), first.command_id);
  std::filesystem::remove(hold);
  EXPECT_EQ(resultOf(second).at("state"), "succeeded");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\ninstall begins\ninstalled curl\n");
}

TEST_F(Install, plans_without_rights) {
  if (geteuid() != 0) REDFLAG_CANNOT_RUN << "only root can give its rights away";
  begin();
  mark("hold");
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  EXPECT_THAT(readAll(folder.path() / "runs" / envelope.command_id / "plan.frames"),
              HasSubstr("\"uid\":" + std::to_string(planUser().value().uid)));
}

TEST_F(Install, B9_refuses_another_plan_than_the_confirmed_one) {
  mark("drift");
  begin();
  const Json result = carryOut(order());
  EXPECT_EQ(result.at("state"), "refused");
  EXPECT_EQ(result.at("code"), "plan_changed");
  EXPECT_EQ(log(), "");
}

TEST_F(Install, refuses_what_the_policy_does_not_allow) {
  PolicyRule deny;
  deny.line = 7;
  deny.packages = {"ngin*"};
  deny.always = true;
  deny.reason = "web team";
  rules.state.policy.deny.push_back(deny);
  begin();
  const Json result = carryOut(order());
  EXPECT_EQ(result.at("state"), "refused");
  EXPECT_EQ(result.at("code"), "policy");
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("line 7 of the policy: web team"));
  EXPECT_EQ(log(), "");
}

TEST_F(Install, goes_back_only_where_a_line_of_the_policy_allows_downgrades) {
  std::ofstream(machine.path() / "packages/nginx") << "3";
  auto back = order();
  back.actions[0].action = "rollback";
  back.plan_hash = protocol::planHash({{"downgrade", "nginx", "all", "3", "2"}});
  rules.state.policy.allow[0].action = "test.updater/*";
  begin();
  const Json refused = carryOut(back);
  EXPECT_EQ(refused.at("state"), "refused");
  EXPECT_EQ(refused.at("code"), "policy");
  EXPECT_THAT(refused.at("text").get<std::string>(),
              HasSubstr("downgrade of nginx by test.updater/rollback"));
  EXPECT_EQ(log(), "");
  rules.state.policy.allow[0].downgrades = true;
  back.command_id = newId();
  EXPECT_EQ(carryOut(back).at("state"), "succeeded");
  EXPECT_EQ(log(), "rollback begins\ninstalled nginx\n");
  EXPECT_EQ(readAll(machine.path() / "packages/nginx"), "2");
}

class Download : public Install {
 protected:
  protocol::Envelope download() const {
    auto envelope = order();
    envelope.command_type = "download_updates";
    envelope.actions[0].action = "download";
    return envelope;
  }
};

TEST_F(Download, fetches_what_the_plan_installs_and_changes_nothing) {
  begin();
  const Json result = carryOut(download());
  EXPECT_EQ(result.at("state"), "succeeded") << result;
  EXPECT_EQ(result.at("results"), Json::array({{{"download_bytes", 7}}}));
  EXPECT_EQ(log(), "download begins\nfetched nginx\n");
  EXPECT_FALSE(std::filesystem::exists(machine.path() / "packages/nginx"));
  EXPECT_EQ(carryOut(order()).at("state"), "succeeded") << "the plan is the same as before";
}

TEST_F(Download, is_refused_in_report_mode_by_the_policy_and_with_another_plan) {
  begin();
  rules.state.act = false;
  EXPECT_EQ(submit(download()).at("code"), "mode_report");
  rules.state.act = true;
  rules.state.policy.allow[0].action = "test.updater/rollback";
  EXPECT_EQ(carryOut(download()).at("code"), "policy");
  rules.state.policy.allow[0].action = "test.updater/download";
  mark("drift");
  EXPECT_EQ(carryOut(download()).at("code"), "plan_changed");
  EXPECT_EQ(log(), "");
}

TEST_F(Download, makes_way_when_its_order_expires) {
  mark("fetching");
  begin();
  auto late = download();
  late.expires_at = clock.epoch + kSecondNs;
  const Json result = carryOut(late);
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "download.deadline");
  EXPECT_EQ(log(), "download begins\n");
}

TEST_F(Download, that_crashes_needs_no_repair) {
  mark("cut");
  begin();
  EXPECT_EQ(carryOut(download()).at("code"), "download.crashed");
  EXPECT_EQ(log(), "download begins\n");
}

TEST_F(Install, refuses_an_order_that_expired_while_it_waited) {
  const auto hold = mark("hold");
  begin();
  const auto first = order();
  const auto by_wall = order();
  submit(first);
  submit(by_wall);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  clock.epoch += 3601 * kSecondNs;
  std::filesystem::remove(hold);
  EXPECT_EQ(resultOf(by_wall).at("code"), "expired");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

TEST_F(Install, refuses_an_expired_order_although_the_clock_was_set_back) {
  const auto hold = mark("hold");
  begin();
  const auto first = order();
  const auto second = order();
  submit(first);
  submit(second);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  clock.monotonic_ahead = 3601 * kSecondNs;
  std::filesystem::remove(hold);
  EXPECT_EQ(resultOf(second).at("code"), "expired");
}

TEST_F(Install, cannot_be_cancelled_once_it_has_begun) {
  const auto hold = mark("hold");
  begin();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  EXPECT_EQ(executor->handle({{"op", "cancel"}, {"command_id", envelope.command_id}}).at("cancelled"), false);
  std::filesystem::remove(hold);
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
}

TEST_F(Install, stops_between_packages_when_its_time_is_over) {
  limits.soft_ns = kSecondNs / 2;
  mark("hold");
  begin();
  const Json result = carryOut(order());
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "install.deadline");
  EXPECT_EQ(result.at("results").at(0).at("steps").at(0).at("result"), "not_started");
  EXPECT_EQ(log(), "install begins\n");
}

TEST_F(Install, repairs_and_fails_when_the_updater_crashes) {
  mark("crash");
  begin();
  const Json result = carryOut(order());
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "install.crashed");
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("the package manager's own repair succeeded"));
  EXPECT_EQ(log(), "install begins\ninstalled nginx\nrepaired\n");
}

TEST_F(Install, repairs_and_fails_when_the_host_is_killed) {
  const auto hold = mark("hold");
  begin();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  auto journal = Journal::open(folder.path() / "journal.sqlite", false);
  ASSERT_TRUE(journal.has_value());
  kill(static_cast<pid_t>((*journal)->find(envelope.command_id).value()->host.pid), SIGKILL);
  EXPECT_EQ(resultOf(envelope).at("code"), "install.crashed");
  EXPECT_EQ(log(), "install begins\nrepaired\n");
}

TEST_F(Install, kills_and_repairs_what_does_not_stop) {
  limits.soft_ns = 3600 * kSecondNs;
  limits.hard_ns = kSecondNs / 2;
  mark("hold");
  begin();
  const Json result = carryOut(order());
  EXPECT_EQ(result.at("code"), "install.killed");
  EXPECT_EQ(log(), "install begins\nrepaired\n");
}

TEST_F(Install, says_when_the_repair_does_not_work_either) {
  limits.repair_ns = kSecondNs / 4;
  limits.repair_pause_ns = kSecondNs / 10;
  mark("crash");
  mark("locked");
  begin();
  const Json result = carryOut(order());
  EXPECT_EQ(result.at("code"), "install.crashed");
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("the repair failed: the lock is held"));
}

TEST_F(Install, is_taken_up_again_by_the_next_executor) {
  const auto hold = mark("hold");
  begin();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  executor->stop();
  begin();
  std::filesystem::remove(hold);
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

// Faults G6: the machine goes down in the middle of an install, and its executor with it.
class Reboot : public Install {
 protected:
  // Until the host is in the middle of it.
  protocol::Envelope beginInstall() {
    hold_ = mark("hold");
    begin();
    const auto envelope = order();
    submit(envelope);
    EXPECT_TRUE(eventually([this] { return !log().empty(); }));
    return envelope;
  }
  std::filesystem::path frames(const protocol::Envelope& envelope) const {
    return folder.path() / "runs" / envelope.command_id / "install.frames";
  }
  // Nothing survives but what is on disk, and the clock that counts from the start begins anew.
  void goDown(const protocol::Envelope& envelope) {
    executor->stop();
    auto journal = Journal::open(folder.path() / "journal.sqlite", false);
    ASSERT_TRUE(journal.has_value());
    JournalEntry entry = **(*journal)->find(envelope.command_id);
    if (entry.host.pid != 0) {
      kill(static_cast<pid_t>(entry.host.pid), SIGKILL);
      ASSERT_TRUE(eventually([&] { return !isAlive(entry.host); }));
    }
    entry.host.start = "an-earlier-boot:4711";
    ASSERT_TRUE((*journal)->update(entry).has_value());
    std::filesystem::remove(hold_);
    clock.monotonic_ahead = 60 * kSecondNs - monotonicNow();
  }
  std::filesystem::path hold_;
};

TEST_F(Reboot, G6_in_the_middle_of_an_install_is_told_as_that_and_mended) {
  const auto envelope = beginInstall();
  goDown(envelope);
  begin("boot-2");
  const Json result = resultOf(envelope);
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "install.rebooted");
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("the machine was restarted in the middle"));
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("own repair succeeded"));
  EXPECT_EQ(log(), "install begins\nrepaired\n");
  EXPECT_EQ(submit(envelope), result) << "and is never begun again";
}

// Power that is lost takes what the disk had not written yet.
TEST_F(Reboot, G6_with_the_hosts_last_words_lost_is_never_taken_for_an_install_that_was_not_begun) {
  const auto envelope = beginInstall();
  goDown(envelope);
  std::ofstream(frames(envelope), std::ios::trunc) << "";
  begin("boot-2");
  EXPECT_EQ(resultOf(envelope).value("code", ""), "install.rebooted");
  EXPECT_EQ(log(), "install begins\nrepaired\n");
}

TEST_F(Reboot, G6_with_the_whole_record_lost_is_mended_as_well) {
  const auto envelope = beginInstall();
  goDown(envelope);
  std::filesystem::remove_all(frames(envelope).parent_path());
  begin("boot-2");
  const Json result = resultOf(envelope);
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "install.lost");
  EXPECT_EQ(log(), "install begins\nrepaired\n");
}

TEST_F(Reboot, G6_of_an_install_that_had_ended_is_told_as_it_ended) {
  const auto envelope = beginInstall();
  executor->stop();
  std::filesystem::remove(hold_);
  ASSERT_TRUE(eventually([this] { return log() == "install begins\ninstalled nginx\n"; }));
  auto journal = Journal::open(folder.path() / "journal.sqlite", false);
  ASSERT_TRUE(eventually([&] { return !isAlive((*journal)->find(envelope.command_id).value()->host); }));
  goDown(envelope);
  begin("boot-2");
  const Json result = resultOf(envelope);
  EXPECT_EQ(result.at("state"), "succeeded") << result;
  EXPECT_EQ(result.at("results").at(0).at("steps").at(0).at("result"), "done");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

TEST_F(Reboot, G6_while_it_was_planned_or_mended_goes_on_with_that) {
  const auto slow = mark("slow");
  begin();
  const auto planned = order();
  submit(planned);
  ASSERT_TRUE(eventually([this] { return eventNames().size() == 2; }));
  goDown(planned);
  std::filesystem::remove(slow);
  begin("boot-2");
  EXPECT_EQ(resultOf(planned).at("state"), "succeeded");

  executor->stop();
  std::filesystem::remove(machine.path() / "packages/nginx");
  limits.repair_pause_ns = kSecondNs / 10;
  const auto crash = mark("crash");
  const auto locked = mark("locked");
  begin("boot-2");
  const auto broken = order();
  submit(broken);
  ASSERT_TRUE(eventually([&] {
    auto journal = Journal::open(folder.path() / "journal.sqlite", false);
    return (*journal)->find(broken.command_id).value()->phase == Phase::kRepairing;
  }));
  goDown(broken);
  std::filesystem::remove(locked);
  begin("boot-3");
  const Json result = resultOf(broken);
  EXPECT_EQ(result.at("code"), "install.crashed");
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("own repair succeeded"));
}

TEST_F(Install, that_ended_while_no_executor_was_there_is_told_by_the_next) {
  const auto hold = mark("hold");
  begin();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return !log().empty(); }));
  executor->stop();
  std::filesystem::remove(hold);
  ASSERT_TRUE(eventually([this] { return log() == "install begins\ninstalled nginx\n"; }));
  begin();
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

TEST_F(Install, is_planned_anew_when_the_executor_stopped_while_planning) {
  const auto slow = mark("slow");
  begin();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return eventNames().size() == 2; }));
  executor->stop();
  begin();
  std::filesystem::remove(slow);
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

}  // namespace
}  // namespace redflag::kernel::test
