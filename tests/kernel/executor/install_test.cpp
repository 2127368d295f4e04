// Orders carried out by real hosts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "../../support/cannot_run.h"
#include "executor/host_run.h"
#include "installs.h"
#include "protocol/plan_hash.h"
#include "sqlite/database.h"

namespace redflag::kernel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

TEST_F(Install, says_that_an_order_cannot_be_begun_while_the_journal_takes_nothing_and_begins_it_later) {
  ASSERT_TRUE(Journal::open(folder.path() / "journal.sqlite", true).has_value());
  const auto change = [this](const char* sql) {
    auto database = sqlite::Database::open(folder.path() / "journal.sqlite").value();
    ASSERT_TRUE(database.execute(sql).has_value());
  };
  change("CREATE TRIGGER full BEFORE UPDATE ON orders BEGIN INSERT INTO nowhere VALUES(1); END");
  begin();
  const auto envelope = order();
  EXPECT_EQ(submit(envelope).at("event"), "accepted");
  const auto complained = [this] {
    const std::lock_guard lock(mutex);
    return !events.empty() && events.back().value("code", "") == "journal.failed";
  };
  EXPECT_TRUE(eventually(complained));
  change("DROP TRIGGER full");
  EXPECT_EQ(resultOf(envelope).at("state"), "succeeded");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
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

TEST_F(Install, leaves_the_services_that_it_started_and_nothing_that_its_plan_started) {
  mark("stray");
  begin();
  const auto envelope = order();
  EXPECT_EQ(carryOut(envelope).at("state"), "succeeded");
  const std::string plan = readAll(folder.path() / "runs" / envelope.command_id / "plan.frames");
  const std::string name = "\"stray\":";
  const auto at = plan.find(name);
  ASSERT_NE(at, std::string::npos);
  const pid_t of_plan = std::stoi(plan.substr(at + name.size()));
  const pid_t of_install = std::stoi(readAll(machine.path() / "stray"));
  ASSERT_GT(of_plan, 1);
  ASSERT_GT(of_install, 1);
  EXPECT_FALSE(markOf(of_plan).has_value());
  EXPECT_TRUE(markOf(of_install).has_value());
  kill(of_install, SIGKILL);
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
