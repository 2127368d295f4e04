// Faults G6: the machine goes down in the middle of an install, and its executor with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "executor/process_tree.h"
#include "installs.h"

namespace redflag::kernel::test {
namespace {

using testing::HasSubstr;

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

// A machine that can be told to go down in a minute, too.
class PromisedReboot : public Reboot {
 protected:
  PromisedReboot() {
    auto manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", "test.actions");
    EXPECT_TRUE(manifest.has_value()) << manifest.error().text;
    PluginSetup setup;
    setup.manifest = *manifest;
    setup.settings = {{"folder", machine.path().string()}};
    setup.capabilities = {"write:" + machine.path().string()};
    setup.seal = host::Seal::kBest;
    setup.plan_time_ns = 10 * kSecondNs;
    rules.state.plugins["test.actions"] = setup;
    PolicyRule rule;
    rule.line = 2;
    rule.action = "test.actions/*";
    rule.always = true;
    rules.state.policy.allow.push_back(rule);
  }
  protocol::Envelope action(const std::string& name, const Json& parameters = Json::object()) const {
    auto envelope = order();
    envelope.actions = {{"test.actions", name, dumpJson(parameters)}};
    envelope.plan_hash.clear();
    return envelope;
  }
  void promise() {
    const auto envelope = action("go_down");
    submit(envelope);
    ASSERT_TRUE(eventually([&] {
      auto journal = Journal::open(folder.path() / "journal.sqlite", false);
      return (*journal)->find(envelope.command_id).value()->phase == Phase::kRebooting;
    }));
  }
  // By an order that is younger than the install.
  std::string write() {
    return carryOut(action("write", {{"path", (machine.path() / "file").string()}})).value("state", "");
  }
};

TEST_F(PromisedReboot, G6_cuts_off_no_install_that_can_wait_for_it) {
  begin();
  promise();
  const auto install = order();
  EXPECT_EQ(submit(install).at("event"), "accepted");
  EXPECT_EQ(write(), "succeeded");
  EXPECT_EQ(log(), "begun\n") << "no install";
  executor->stop();
  begin("boot-2");
  EXPECT_EQ(resultOf(install).at("state"), "succeeded");
  EXPECT_EQ(log(), "begun\ninstall begins\ninstalled nginx\n");
}

TEST_F(PromisedReboot, G6_is_what_an_install_says_that_waits_for_it_once_to_each_who_listens) {
  begin();
  promise();
  const auto install = order();
  const auto tells = [&](const Json& event) {
    return event.at("event") == "progress" && event.at("command_id") == install.command_id;
  };
  EXPECT_EQ(submit(install).at("event"), "accepted");
  EXPECT_EQ(write(), "succeeded");
  EXPECT_EQ(write(), "succeeded");
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(std::count_if(events.begin(), events.end(), tells), 1);
  }
  std::vector<Json> heard_late;
  executor->attach([&](const Json& event) {
    const std::lock_guard lock(mutex);
    if (tells(event)) heard_late.push_back(event);
  });
  EXPECT_EQ(write(), "succeeded");
  executor->stop();
  ASSERT_EQ(heard_late.size(), 1U);
  EXPECT_THAT(heard_late[0].at("text").get<std::string>(),
              HasSubstr("restarted first, as was ordered, at about 20"));
  EXPECT_FALSE(heard_late[0].contains("percent"));
}

TEST_F(PromisedReboot, G6_is_not_what_an_install_waits_for_any_more_once_it_has_come) {
  begin();
  promise();
  submit(order());
  const auto second = order();
  submit(second);
  EXPECT_EQ(write(), "succeeded");
  executor->stop();
  hold_ = mark("hold");
  begin("boot-2");
  ASSERT_TRUE(eventually([this] { return log() == "begun\ninstall begins\n"; }));
  const auto keepFrom = [&](const Json& event, std::vector<std::string>& out) {
    if (event.at("event") == "progress" && event.at("command_id") == second.command_id)
      out.push_back(event.at("text"));
  };
  std::vector<std::string> heard;
  {
    const std::lock_guard lock(mutex);
    for (const Json& event : events)
      keepFrom(event, heard);
  }
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_THAT(heard[0], HasSubstr("restarted first"));
  EXPECT_EQ(heard[1], "the machine carries out one order after the other");
  std::vector<std::string> heard_late;
  executor->attach([&](const Json& event) { keepFrom(event, heard_late); });
  ASSERT_EQ(heard_late.size(), 1U) << "while the first is carried out";
  EXPECT_EQ(heard_late[0], heard[1]);
  std::filesystem::remove(hold_);
  EXPECT_FALSE(resultOf(second).is_null());
  executor->stop();
}

TEST_F(PromisedReboot, G6_keeps_no_install_waiting_that_has_expired) {
  begin();
  promise();
  const auto install = order();
  EXPECT_EQ(submit(install).at("event"), "accepted");
  EXPECT_EQ(write(), "succeeded");
  clock.epoch += 3600 * kSecondNs;
  EXPECT_EQ(write(), "succeeded");
  const Json result = resultOf(install);
  EXPECT_EQ(result.value("state", ""), "refused") << "the machine is still up";
  EXPECT_EQ(result.value("code", ""), "expired");
  EXPECT_EQ(log(), "begun\nbegun\n") << "no install";
}

TEST_F(PromisedReboot, G6_that_is_taken_back_lets_the_install_begin) {
  begin();
  promise();
  const auto install = order();
  EXPECT_EQ(submit(install).at("event"), "accepted");
  EXPECT_EQ(write(), "succeeded");
  EXPECT_EQ(carryOut(action("stay_up")).at("state"), "succeeded");
  EXPECT_EQ(resultOf(install).at("state"), "succeeded");
  EXPECT_EQ(log(), "begun\ninstall begins\ninstalled nginx\n");
}

TEST_F(PromisedReboot, G6_that_is_further_away_than_an_install_takes_holds_up_none) {
  limits.soft_ns = 20 * kSecondNs;
  begin();
  promise();
  EXPECT_EQ(carryOut(order()).at("state"), "succeeded");
}

}  // namespace
}  // namespace redflag::kernel::test
