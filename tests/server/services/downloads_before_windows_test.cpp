// What is downloaded for an install while its maintenance window is closed.
#include <gtest/gtest.h>

#include "services/preparations.h"
#include "support/interrupted_types.h"
#include "windowed_orders.h"

namespace redflag::testing {
namespace {

using store::CommandState;

TEST_F(WindowedOrders, have_their_packages_downloaded_beforehand) {
  night();
  const auto install = installOf();
  world.services.upkeep.round();
  const auto download = world.newest("download_updates");
  EXPECT_EQ(download.state, CommandState::kQueued) << "it waits for no window";
  EXPECT_EQ(download.parent_id, install.id);
  EXPECT_EQ(download.plan_hash, install.plan_hash);
  EXPECT_EQ(toRfc3339(download.expires_at), "2023-11-14T23:00:00.000Z") << "the install's turn comes then";
  EXPECT_EQ(world.update(agent, "nginx", "1.1").command_id, install.id) << "it takes no update over";
  EXPECT_EQ(world.update(agent, "nginx", "1.1").preparation_state, "queued");
  world.services.upkeep.round();
  EXPECT_EQ(world.newest("download_updates").id, download.id) << "once";
  world.carryOut(agent, download.id, "succeeded", Json::array({{{"download_bytes", 7}}}));
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "planned");
  at("14T22:50:00");
  EXPECT_EQ(world.newest("download_updates").id, download.id) << "it is done";
  EXPECT_EQ(world.update(agent, "nginx", "1.1").preparation_state, "succeeded");
  at("14T23:00:00");
  EXPECT_EQ(now(install).state, CommandState::kQueued);
  EXPECT_EQ(world.update(agent, "nginx", "1.1").preparation_state, "") << "it waits no more";
}

TEST_F(WindowedOrders, are_carried_out_although_their_download_failed_which_is_tried_again) {
  night();
  const auto install = installOf();
  world.services.upkeep.round();
  const auto first = world.newest("download_updates");
  world.carryOut(agent, first.id, "failed", Json::array(), "apt.download_failed", "no route to host");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").preparation_reason, "no route to host");
  world.services.upkeep.round();
  EXPECT_EQ(world.newest("download_updates").id, first.id) << "not at once";
  for (const char* time : {"14T22:30:00", "14T22:45:00", "14T22:58:00"}) {
    at(time);
    const auto next = world.newest("download_updates");
    if (next.state == CommandState::kQueued)
      world.carryOut(agent, next.id, "failed", Json::array(), "apt.download_failed", "no");
  }
  const auto last = world.newest("download_updates");
  EXPECT_EQ(last.attempt, services::Preparations::kMostTries);
  EXPECT_EQ(last.state, CommandState::kFailed);
  EXPECT_NE(last.retry_of, "");
  at("14T23:00:00");
  EXPECT_EQ(now(install).state, CommandState::kQueued);
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "planned");
}

TEST_F(WindowedOrders, have_nothing_downloaded_beforehand_where_no_window_holds_them) {
  EXPECT_EQ(installOf().state, CommandState::kQueued);
  world.services.upkeep.round();
  EXPECT_EQ(downloads(), 0);
}

TEST_F(WindowedOrders, take_their_download_with_them_when_they_are_cancelled) {
  night();
  const auto install = installOf();
  world.services.upkeep.round();
  world.services.orders.cancel(install.id, ada);
  EXPECT_EQ(world.newest("download_updates").state, CommandState::kCancelled);
  world.services.upkeep.round();
  EXPECT_EQ(downloads(), 1);
}

TEST(Downloading, begins_for_no_order_that_was_cancelled_while_it_was_planned) {
  InterruptedTypes types;
  World world(&types);
  const services::Actor ada{"ada", http::Grants::everywhere("admin"), true};
  const auto agent = world.enrol();
  world.services.windows.add(windowWish("Night", agent.client_id, "", "23:00", 120), ada);
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
  const Json plan = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});
  world.carryOut(agent, outcome.command_ids.at(0), "succeeded",
                 Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}}));
  const auto install = world.newest("install_updates");
  ASSERT_EQ(install.state, CommandState::kScheduled);
  types.meanwhile = [&] { world.services.orders.cancel(install.id, ada); };
  world.services.preparations.run();
  EXPECT_EQ(world.command(install.id).state, CommandState::kCancelled);
  EXPECT_THROW(world.newest("download_updates"), std::runtime_error);
}

TEST_F(WindowedOrders, have_their_packages_downloaded_however_many_before_them_cannot) {
  night();
  const auto install = installOf();
  auto cannot = install;
  Json parameters = parseJson(install.parameters).value();
  parameters["manager"] = "gone";  // the machine has no such plugin any more
  cannot.parameters = dumpJson(parameters);
  cannot.not_before -= kSecondNs;
  world.store.write([&](store::WriteTransaction& tx) {
    for (int i = 0; i < 200; ++i) {
      cannot.id = cannot.dedup_key = newId();
      ASSERT_EQ(tx.commands().add(cannot, {}), cannot.id);
    }
  });
  world.services.preparations.run();
  EXPECT_EQ(downloads(), 0);
  world.services.preparations.run();
  ASSERT_EQ(downloads(), 1);
  EXPECT_EQ(world.newest("download_updates").parent_id, install.id);
}

TEST_F(WindowedOrders, have_nothing_downloaded_by_a_machine_in_report_mode) {
  night();
  EXPECT_EQ(installOf().state, CommandState::kScheduled);
  world.mustTake(agent, {world.statusItem("alpha", "report")});
  world.services.upkeep.round();
  EXPECT_EQ(downloads(), 0);
}

}  // namespace
}  // namespace redflag::testing
