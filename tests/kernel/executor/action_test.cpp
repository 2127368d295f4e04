// What a plugin can be ordered to do beside updating, in real hosts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/encoding.h"
#include "executor/host_run.h"
#include "executor/journal_keeper.h"
#include "executor/reboot_watch.h"
#include "host/manifest.h"
#include "platform/files.h"
#include "sqlite/database.h"
#include "support.h"

namespace redflag::kernel::test {
namespace {

using testing::HasSubstr;

class Action : public testing::Test {
 protected:
  Action() {
    EXPECT_TRUE(initCrypto().has_value());
    PolicyRule rule;
    rule.line = 1;
    rule.action = "test.actions/*";
    rule.always = true;
    rules.state.policy = {{rule}, {}};
    auto manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", "test.actions");
    EXPECT_TRUE(manifest.has_value()) << manifest.error().text;
    PluginSetup setup;
    setup.manifest = *manifest;
    setup.settings = {{"folder", machine.path().string()}};
    setup.capabilities = {"write:" + machine.path().string()};
    setup.seal = host::Seal::kBest;
    setup.plan_time_ns = 10 * kSecondNs;
    rules.state.plugins["test.actions"] = setup;
    EXPECT_TRUE(saveExecutorTrust(folder.path(), server.trust()).has_value());
    clock.epoch = epochNow();
  }

  void begin(const std::string& boot_id = "boot-1", const std::string& kernel = "6.1.0-1-amd64") {
    executor = std::make_unique<Executor>(
        ExecutorOptions{folder.path(), REDFLAG_BUILD "/bin/redflag-host", {}, limits, boot_id, kernel}, rules,
        keys, clock);
    executor->attach([this](const Json& event) {
      const std::lock_guard lock(mutex);
      events.push_back(event);
    });
    ASSERT_TRUE(executor->start().has_value());
  }
  protocol::Envelope order(const std::string& action, const Json& parameters = Json::object()) const {
    auto envelope = server.order(clock.epoch);
    envelope.actions = {{"test.actions", action, dumpJson(parameters)}};
    envelope.plan_hash.clear();
    return envelope;
  }
  protocol::Envelope writeOrder() const { return order("write", {{"path", file().string()}}); }
  Json submit(const protocol::Envelope& envelope) {
    return executor->handle(submitRequest(server.seal(envelope)));
  }
  Json told(const std::string& command_id, const std::string& name) {
    const std::lock_guard lock(mutex);
    for (const Json& event : events) {
      if (event.at("event") == name && event.at("command_id") == command_id) return event;
    }
    return nullptr;
  }
  Json resultOf(const protocol::Envelope& envelope) {
    eventually([&] { return !told(envelope.command_id, "result").is_null(); });
    return told(envelope.command_id, "result");
  }
  Json carryOut(const protocol::Envelope& envelope) {
    EXPECT_EQ(submit(envelope).at("event"), "accepted");
    return resultOf(envelope);
  }
  std::filesystem::path file() const { return machine.path() / "file"; }
  std::filesystem::path mark(const char* name) const {
    std::ofstream(machine.path() / name) << "";
    return machine.path() / name;
  }
  std::string log() const { return readAll(machine.path() / "log"); }
  Phase phaseOf(const protocol::Envelope& envelope) const {
    auto journal = Journal::open(folder.path() / "journal.sqlite", false);
    return (*journal)->find(envelope.command_id).value()->phase;
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

TEST_F(Action, is_run_once_and_its_result_told) {
  begin();
  const auto envelope = writeOrder();
  const Json result = carryOut(envelope);
  EXPECT_EQ(result.at("state"), "succeeded") << result;
  EXPECT_EQ(result.at("results"), Json::array({{{"uid", geteuid()}}}));
  EXPECT_EQ(readAll(file()), "written\n");
  EXPECT_THAT(dumpJson(told(envelope.command_id, "log")), HasSubstr("writing "));
  EXPECT_EQ(submit(envelope), result);
  EXPECT_EQ(log(), "begun\n");
}

TEST_F(Action, is_sealed_from_what_it_was_not_granted) {
  const TestFolder elsewhere;
  const auto order_it = [&] { return order("write", {{"path", (elsewhere.path() / "file").string()}}); };
  begin();
  const Json denied = carryOut(order_it());
  EXPECT_EQ(denied.at("state"), "failed");
  EXPECT_EQ(denied.at("code"), "test.denied");
  rules.state.plugins["test.actions"].capabilities = {"root"};
  EXPECT_EQ(carryOut(order_it()).at("state"), "succeeded") << "root granted that, in so many words";
}

TEST_F(Action, that_the_policy_does_not_name_is_refused) {
  rules.state.policy.allow[0].action = "test.actions/peek";
  begin();
  const Json result = carryOut(writeOrder());
  EXPECT_EQ(result.at("state"), "refused");
  EXPECT_EQ(result.at("code"), "policy");
  EXPECT_EQ(log(), "");
}

TEST_F(Action, with_parameters_that_its_schema_does_not_allow_is_refused_and_names_the_member) {
  begin();
  const Json result = carryOut(order("write", {{"path", 7}}));
  EXPECT_EQ(result.at("code"), "malformed");
  EXPECT_THAT(result.at("text").get<std::string>(), HasSubstr("parameters.path"));
  EXPECT_EQ(carryOut(order("write", {{"path", "/x"}, {"mode", 1}})).at("code"), "malformed");
  EXPECT_EQ(log(), "");
}

TEST_F(Action, that_the_plugin_does_not_have_or_that_changes_nothing_is_not_the_executors) {
  begin();
  EXPECT_EQ(carryOut(order("format")).at("code"), "unknown_action");
  EXPECT_EQ(carryOut(order("peek")).at("code"), "unknown_action");
  for (const char* reserved : {"plan", "verify", "repair"})
    EXPECT_EQ(submit(order(reserved)).at("code"), "unknown_action") << reserved;
  for (const char* planned : {"download", "rollback"})
    EXPECT_EQ(submit(order(planned)).at("code"), "malformed") << planned << " names the hash of its steps";
  auto planned = writeOrder();
  planned.plan_hash = std::string(32, 'x');
  EXPECT_EQ(submit(planned).at("code"), "malformed");
  auto two = writeOrder();
  two.actions.push_back(two.actions.front());
  EXPECT_EQ(submit(two).at("code"), "unknown_action");
}

TEST_F(Action, that_crashes_has_failed_and_is_not_begun_again) {
  mark("crash");
  begin();
  const auto envelope = writeOrder();
  const Json result = carryOut(envelope);
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "action.crashed");
  EXPECT_EQ(submit(envelope), result);
  EXPECT_EQ(log(), "begun\n");
}

TEST_F(Action, that_does_not_stop_in_its_time_is_told_to) {
  limits.action_ns = kSecondNs / 2;
  mark("hold");
  begin();
  const Json result = carryOut(writeOrder());
  EXPECT_EQ(result.at("state"), "failed");
  EXPECT_EQ(result.at("code"), "action.cancelled");
}

TEST_F(Action, B5_is_taken_up_by_the_next_executor_and_runs_once) {
  const auto hold = mark("hold");
  begin();
  const auto envelope = writeOrder();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return log() == "begun\n"; }));
  executor->stop();
  std::filesystem::remove(hold);
  begin();
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
  EXPECT_EQ(log(), "begun\n");
}

TEST_F(Action, that_restarts_the_machine_has_succeeded_when_the_machine_is_back_with_the_expected_kernel) {
  begin();
  const auto envelope = order("go_down");
  EXPECT_EQ(submit(envelope).at("event"), "accepted");
  ASSERT_TRUE(eventually([&] { return phaseOf(envelope) == Phase::kRebooting; }));
  EXPECT_TRUE(told(envelope.command_id, "result").is_null());
  EXPECT_EQ(carryOut(writeOrder()).at("state"), "succeeded") << "other orders do not wait for it";
  executor->stop();
  begin("boot-2", "6.1.0-2-amd64");
  const Json result = resultOf(envelope);
  EXPECT_EQ(result.at("state"), "succeeded") << result;
  EXPECT_EQ(result.at("results"), Json::array({{{"boot_id", "boot-2"}, {"kernel", "6.1.0-2-amd64"}}}));
}

TEST_F(Action, that_restarts_the_machine_fails_when_another_kernel_comes_back) {
  begin();
  const auto envelope = order("go_down");
  submit(envelope);
  ASSERT_TRUE(eventually([&] { return phaseOf(envelope) == Phase::kRebooting; }));
  executor->stop();
  begin("boot-2");
  EXPECT_EQ(resultOf(envelope).at("code"), "reboot.other_kernel");
}

TEST_F(Action, that_restarts_the_machine_waits_without_haste_for_a_journal_that_takes_nothing) {
  ASSERT_TRUE(Journal::open(folder.path() / "journal.sqlite", true).has_value());
  const auto change = [this](const char* sql) {
    auto database = sqlite::Database::open(folder.path() / "journal.sqlite").value();
    ASSERT_TRUE(database.execute(sql).has_value());
  };
  change(
      "CREATE TRIGGER full BEFORE UPDATE ON orders WHEN NEW.phase = 'rebooting'"
      " BEGIN SELECT RAISE(ABORT, 'no space left'); END");
  begin();
  const auto envelope = order("go_down");
  const auto saidWithin = [](std::chrono::milliseconds time) {
    testing::internal::CaptureStderr();
    std::this_thread::sleep_for(time);
    return testing::internal::GetCapturedStderr();
  };
  const std::string no_space = "no space left";
  submit(envelope);
  ASSERT_TRUE(eventually(
      [&] { return saidWithin(std::chrono::milliseconds(100)).find(no_space) != std::string::npos; }));
  const std::string said = saidWithin(std::chrono::seconds(1));
  EXPECT_EQ(said.find(no_space), said.rfind(no_space)) << said.size() << " bytes of log in a second";
  EXPECT_EQ(phaseOf(envelope), Phase::kInstalling);
  change("DROP TRIGGER full");
  EXPECT_TRUE(eventually([&] { return phaseOf(envelope) == Phase::kRebooting; }));
}

TEST_F(Action, that_takes_a_reboot_back_ends_the_order_that_waits_for_it) {
  begin();
  const auto envelope = order("go_down");
  submit(envelope);
  ASSERT_TRUE(eventually([&] { return phaseOf(envelope) == Phase::kRebooting; }));
  EXPECT_EQ(carryOut(order("stay_up")).at("state"), "succeeded");
  EXPECT_EQ(resultOf(envelope).at("state"), "cancelled");
}

TEST_F(Action, that_restarts_the_machine_takes_the_place_of_the_one_that_waits) {
  begin();
  const auto first = order("go_down");
  submit(first);
  ASSERT_TRUE(eventually([&] { return phaseOf(first) == Phase::kRebooting; }));
  const auto second = order("go_down");
  submit(second);
  EXPECT_EQ(resultOf(first).at("state"), "cancelled") << "the machine keeps one time only";
  EXPECT_EQ(resultOf(first).at("code"), "reboot.replaced");
  EXPECT_EQ(phaseOf(second), Phase::kRebooting);
  executor->stop();
  begin("boot-2", "6.1.0-2-amd64");
  EXPECT_EQ(resultOf(second).at("state"), "succeeded");
}

TEST(RebootWatch, waits_for_the_delay_and_half_an_hour_and_then_says_that_nothing_happened) {
  JournalEntry entry;
  awaitReboot(entry, Json::object(), {300, "", ""}, "boot-1", 1000 * kSecondNs);
  const BootFacts same{"boot-1", "6.1"};
  EXPECT_FALSE(afterReboot(entry, same, (1000 + 300 + 1799) * kSecondNs));
  EXPECT_EQ(afterReboot(entry, same, (1000 + 300 + 1800) * kSecondNs)->code, "reboot.not_happened");
  EXPECT_EQ(afterReboot(entry, {"boot-2", "6.1"}, 0)->state, "succeeded") << "any kernel will do";
}

TEST(RebootWatch, takes_a_newer_kernel_of_the_same_flavour_for_one_that_came_during_the_delay) {
  JournalEntry entry;
  awaitReboot(entry, Json::object(), {43'200, "6.1.0-37-amd64", ""}, "boot-1", 0);
  const auto codeWith = [&](const std::string& kernel) {
    return afterReboot(entry, {"boot-2", kernel}, 0)->code;
  };
  EXPECT_EQ(codeWith("6.1.0-37-amd64"), "");
  EXPECT_EQ(codeWith("6.1.0-40-amd64"), "");
  EXPECT_EQ(codeWith("6.1.0-9-amd64"), "reboot.other_kernel");
  EXPECT_EQ(codeWith("6.1.0-40-cloud-amd64"), "reboot.other_kernel");
}

TEST_F(Action, whose_host_was_never_told_to_begin_is_begun_by_the_next_executor) {
  const auto envelope = writeOrder();
  ProcessMark host;
  {
    JournalKeeper keeper(folder.path());
    Journal* journal = keeper.forOrders(loadExecutorTrust(folder.path()).value()).value();
    const std::int64_t now = clock.monotonicNs();
    JournalEntry entry = journal->accept(orderFrom(envelope).value(), clock.epoch, now, "boot-1").value();
    ASSERT_TRUE(journal->begin(entry, clock.epoch).value());
    const HostPlace place{folder.path() / "runs" / envelope.command_id, "run"};
    ASSERT_TRUE(platform::makePrivateFolder(place.folder).has_value());
    auto run = HostRun::spawn(place, {REDFLAG_BUILD "/bin/redflag-host", true, {}});
    ASSERT_TRUE(run.has_value()) << run.error().text;
    entry.phase = Phase::kInstalling;
    entry.begun_monotonic = now;
    entry.host = host = run->mark();
    ASSERT_TRUE(journal->update(entry).has_value());
    run->release();  // and here the executor is killed
  }
  begin();
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
  EXPECT_EQ(log(), "begun\n");
  EXPECT_FALSE(isAlive(host));
}

TEST(RebootWatch, refuses_a_promise_that_is_none) {
  for (const char* text : {R"({"reboots":7})", R"({"reboots":{}})", R"({"reboots":{"after_s":-1}})",
                           R"({"reboots":{"after_s":86401}})", R"({"reboots":{"after_s":1,"when":2}})"})
    EXPECT_FALSE(rebootPromise(Json::parse(text)).has_value()) << text;
  EXPECT_FALSE(rebootPromise(Json::object())->has_value());
}

}  // namespace
}  // namespace redflag::kernel::test
