// What is downloaded before its install, by real hosts.
#include <gtest/gtest.h>

#include "installs.h"

namespace redflag::kernel::test {
namespace {

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

TEST_F(Download, that_has_to_be_killed_leaves_nothing_that_it_started) {
  mark("stray");
  mark("deaf");
  begin();
  const auto envelope = download();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return log() == "download begins\n"; }));
  const auto stray = markOf(std::stoi(readAll(machine.path() / "stray")));
  ASSERT_TRUE(stray.has_value());
  clock.monotonic_ahead = 2 * 3600 * kSecondNs;
  EXPECT_EQ(resultOf(envelope).at("code"), "download.killed");
  EXPECT_TRUE(eventually([&] { return !isAlive(*stray); }));
}

TEST_F(Download, that_crashes_needs_no_repair) {
  mark("cut");
  begin();
  EXPECT_EQ(carryOut(download()).at("code"), "download.crashed");
  EXPECT_EQ(log(), "download begins\n");
}

}  // namespace
}  // namespace redflag::kernel::test
