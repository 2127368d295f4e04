// From a technician's click to `verified`, as an agent would play its part.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "support/interrupted_store.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

Json planResult(const Json& plan) {
  return Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}});
}

Json installResult(Json plan, const std::string& result = "done", bool needs_reboot = false) {
  for (auto& step : plan["steps"])
    step["result"] = result;
  return Json::array({{{"steps", plan["steps"]}, {"needs_reboot", needs_reboot}}});
}

const Json kNginx = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});

class Approving : public ::testing::Test {
 protected:
  Approving() : agent(world.enrol()) {
    world.scan(agent, {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
  }

  std::string nginx() { return world.stateOf(agent, "nginx", "1.1"); }
  // Approves nginx and lets the agent answer the plan.
  void planNginx(const Json& plan = kNginx) {
    const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
    ASSERT_EQ(outcome.command_ids.size(), 1U);
    world.carryOut(agent, outcome.command_ids[0], "succeeded", planResult(plan));
  }
  void install(const Json& results) {
    world.carryOut(agent, world.newest("install_updates").id, "succeeded", results);
  }
  // The install of nginx, of which the agent says that it runs, and no more.
  store::Command beginInstall() {
    planNginx();
    store::Command order = world.newest("install_updates");
    world.services.orders.fetch(agent);
    world.mustTake(agent, {world.stateItem(order.id, "running")});
    return order;
  }
  void daysPass(int days) {
    world.clock.advance_s(days * 86'400);
    world.services.orders.sweep();
    world.services.orders.giveUpLost();
  }

  World world;
  store::AgentKey agent;
};

TEST_F(Approving, says_at_the_update_too_what_its_install_waits_for_until_that_begins) {
  planNginx();
  const std::string id = world.newest("install_updates").id;
  const auto progress = [&] { return world.update(agent, "nginx", "1.1").command_progress; };
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(id, "accepted"),
                         {{"kind", "command_log"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"command_id", id},
                          {"lines", Json::array()},
                          {"progress", "a restart comes first"}}});
  EXPECT_EQ(progress(), "a restart comes first");
  world.mustTake(agent, {world.stateItem(id, "running")});
  EXPECT_EQ(progress(), "");
}

TEST_F(Approving, is_bound_planned_installed_and_verified) {
  const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
  EXPECT_EQ(outcome.approved, 1U);
  EXPECT_EQ(nginx(), "approved");
  EXPECT_EQ(world.streams.rung, std::vector<std::string>{agent.agent_id});
  world.carryOut(agent, outcome.command_ids[0], "succeeded", planResult(kNginx));
  EXPECT_EQ(nginx(), "planned");
  const auto order = world.newest("install_updates");
  EXPECT_EQ(order.plan_hash, World::hashOf(kNginx));
  EXPECT_EQ(order.parent_id, outcome.command_ids[0]);
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(order.id, "running")});
  EXPECT_EQ(nginx(), "installing");
  world.mustTake(agent, {world.stateItem(order.id, "succeeded", installResult(kNginx))});
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "installed");
  // An ordinary scan proves nothing.
  world.scan(agent, {.records = {updateRow({"curl", "8.1"})}});
  EXPECT_EQ(nginx(), "installed");
  world.scan(agent, {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}, .command_id = order.id});
  EXPECT_EQ(nginx(), "verified");
  EXPECT_EQ(world.stateOf(agent, "curl", "8.1"), "available");
}

TEST_F(Approving, is_not_verified_by_an_incomplete_scan) {
  planNginx();
  install(installResult(kNginx));
  world.scan(agent, {.purpose = "verify", .scopes = {{"main", "transient"}}});
  EXPECT_EQ(nginx(), "installed");
}

TEST_F(Approving, is_given_up_with_an_install_that_is_lost_and_done_if_word_of_it_comes_after_all) {
  const auto order = beginInstall();
  daysPass(2);
  EXPECT_EQ(world.newest("install_updates").state, store::CommandState::kLost) << "not for a week";
  EXPECT_EQ(nginx(), "installing");
  world.services.orders.cancel(order.id, world.approver);
  world.services.settlement.run();
  EXPECT_EQ(world.newest("install_updates").state, store::CommandState::kExpired);
  EXPECT_EQ(nginx(), "failed");
  EXPECT_TRUE(world.update(agent, "nginx", "1.1").reason.code.ends_with("command.given_up"));
  world.mustTake(agent, {world.stateItem(order.id, "succeeded", installResult(kNginx))});
  world.services.settlement.run();
  EXPECT_EQ(nginx(), "installed");
}

TEST_F(Approving, is_given_up_by_the_server_when_the_install_has_been_lost_for_a_week) {
  beginInstall();
  daysPass(2);
  daysPass(7);
  world.services.settlement.run();
  EXPECT_EQ(world.newest("install_updates").state, store::CommandState::kExpired);
  EXPECT_EQ(nginx(), "failed");
  EXPECT_EQ(world.approve({world.update(agent, "nginx", "1.1").id}).approved, 1U) << "once more";
}

TEST_F(Approving, fails_when_the_scan_after_it_still_lists_it) {
  planNginx();
  install(installResult(kNginx));
  world.scan(agent,
             {.purpose = "verify", .records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
  EXPECT_EQ(nginx(), "failed");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").reason.code, "install.still_listed");
}

TEST_F(Approving, is_verified_even_if_the_scan_came_before_the_result_was_settled) {
  planNginx();
  const auto order = world.newest("install_updates");
  world.services.orders.fetch(agent);
  world.clock.advance_s(1);
  world.mustTake(
      agent,
      {world.stateItem(order.id, "running"), world.stateItem(order.id, "succeeded", installResult(kNginx)),
       world.scanItem(
           {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}, .command_id = order.id})});
  EXPECT_EQ(nginx(), "installing");
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "verified");
}

TEST_F(Approving, waits_for_a_person_when_the_plan_holds_more) {
  const Json more = World::plan({{"install", "libnew", "", "1"}, {"upgrade", "nginx", "1.0", "1.1"}});
  planNginx(more);
  EXPECT_EQ(nginx(), "awaiting_confirmation");
  const auto planned = world.newest("plan_updates");
  EXPECT_EQ(parseJson(planned.extras).value().size(), 1U);
  EXPECT_THROW(world.newest("install_updates"), std::runtime_error);
  const auto install_order = world.services.orders.confirm(planned.id, world.approver);
  EXPECT_EQ(install_order.type, "install_updates");
  EXPECT_EQ(install_order.plan_hash, World::hashOf(more));
  EXPECT_EQ(nginx(), "planned");
  EXPECT_THROW(world.services.orders.confirm(planned.id, world.approver), http::Problem);
}

TEST_F(Approving, can_be_declined_when_the_plan_holds_more) {
  planNginx(World::plan({{"remove", "nginx-common", "1.0", ""}, {"upgrade", "nginx", "1.0", "1.1"}}));
  const auto planned = world.newest("plan_updates");
  world.services.orders.cancel(planned.id, world.approver);
  EXPECT_EQ(nginx(), "available");
  EXPECT_THROW(world.services.orders.confirm(planned.id, world.approver), http::Problem);
  EXPECT_THROW(world.newest("install_updates"), std::runtime_error);
}

TEST_F(Approving, is_not_declined_when_another_person_confirms_it_in_that_very_moment) {
  planNginx(World::plan({{"remove", "nginx-common", "1.0", ""}, {"upgrade", "nginx", "1.0", "1.1"}}));
  const auto planned = world.newest("plan_updates");
  InterruptedStore store(world.store);
  services::Services second({store, builtInTypes(), world.signer, nullptr, nullptr, world.bell, world.clock});
  store.meanwhile = [&] { world.services.orders.confirm(planned.id, world.approver); };
  EXPECT_THROW(second.orders.cancel(planned.id, world.approver), http::Problem);
  EXPECT_EQ(nginx(), "planned");
  for (const auto& entry : world.history(agent))
    EXPECT_NE(entry.kind, "plan.declined");
}

TEST_F(Approving, orders_nothing_for_a_plan_that_comes_after_it_was_given_up) {
  const auto outcome =
      world.approve({world.update(agent, "nginx", "1.1").id, world.update(agent, "curl", "8.1").id});
  const std::string& planned = outcome.command_ids.at(0);
  world.services.orders.fetch(agent);
  world.clock.advance_s(8 * kDay);
  world.services.orders.sweep();
  EXPECT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "failed");
  const Json more = World::plan({{"remove", "nginx-common", "1.0", ""}, {"upgrade", "nginx", "1.0", "1.1"}});
  world.mustTake(agent, {world.stateItem(planned, "succeeded", planResult(more))});
  EXPECT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "failed");
  EXPECT_TRUE(world.command(planned).held.empty()) << "there is nothing to confirm";
  EXPECT_THROW(world.newest("install_updates"), std::runtime_error);
  EXPECT_EQ(world.history(agent).at(0).kind, "plan.late");
}

TEST_F(Approving, fails_what_the_plan_leaves_out_and_goes_on_with_the_rest) {
  const auto outcome =
      world.approve({world.update(agent, "nginx", "1.1").id, world.update(agent, "curl", "8.1").id});
  ASSERT_EQ(outcome.command_ids.size(), 1U) << "one order for each agent and manager";
  world.carryOut(agent, outcome.command_ids[0], "succeeded", planResult(kNginx));
  EXPECT_EQ(nginx(), "planned");
  EXPECT_EQ(world.stateOf(agent, "curl", "8.1"), "failed");
}

TEST_F(Approving, fails_when_the_plan_installs_nothing_of_it) {
  planNginx(World::plan({}));
  EXPECT_EQ(nginx(), "failed");
  EXPECT_THROW(world.newest("install_updates"), std::runtime_error);
}

TEST_F(Approving, believes_no_plan_whose_hash_is_another_ones) {
  const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
  Json result = planResult(kNginx);
  result[0]["plan_hash"] = std::string(64, '0');
  world.carryOut(agent, outcome.command_ids[0], "succeeded", result);
  EXPECT_EQ(nginx(), "failed");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").reason.code, "install.bad_plan");
}

TEST_F(Approving, fails_with_the_class_and_can_be_tried_again) {
  planNginx();
  world.carryOut(agent, world.newest("install_updates").id, "failed", installResult(kNginx, "failed"),
                 "apt.dpkg_failed", "dpkg said no");
  EXPECT_EQ(nginx(), "failed");
  const auto failed = world.update(agent, "nginx", "1.1");
  EXPECT_EQ(failed.reason.code, "install.apt.dpkg_failed");
  EXPECT_EQ(failed.reason.text, "dpkg said no");
  EXPECT_FALSE(services::notApprovable(failed));
  EXPECT_EQ(world.approve({failed.id}).approved, 1U);
  EXPECT_EQ(nginx(), "approved");
}

TEST_F(Approving, tells_a_refusal_by_the_machine_from_a_failure) {
  planNginx();
  const auto order = world.newest("install_updates");
  world.services.orders.fetch(agent);
  world.mustTake(agent, {{{"kind", "refusal"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"command_id", order.id},
                          {"code", "policy"},
                          {"text", "no order may install nginx"},
                          {"by", "executor"}}});
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "failed");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").reason.code, "refused.policy");
  EXPECT_EQ(world.services.overview.facts(http::Visible::everything()).refusals_24h, 1);
}

TEST_F(Approving, counts_the_done_steps_of_an_install_that_failed_at_another) {
  const auto outcome =
      world.approve({world.update(agent, "nginx", "1.1").id, world.update(agent, "curl", "8.1").id});
  const Json both = World::plan({{"upgrade", "curl", "8.0", "8.1"}, {"upgrade", "nginx", "1.0", "1.1"}});
  world.carryOut(agent, outcome.command_ids[0], "succeeded", planResult(both));
  Json results = installResult(both);
  results[0]["steps"][1]["result"] = "failed";
  world.carryOut(agent, world.newest("install_updates").id, "failed", results, "apt.dpkg_failed",
                 "nginx broke");
  EXPECT_EQ(world.stateOf(agent, "curl", "8.1"), "installed");
  EXPECT_EQ(nginx(), "failed");
}

class RollingBack : public Approving {
 protected:
  RollingBack() {
    planNginx();
    install(installResult(kNginx));
    world.scan(agent, {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}});
    EXPECT_EQ(nginx(), "verified");
    const Json& step = kBack["steps"][0];
    const Json update{
        {"name", step["name"]}, {"arch", step["arch"]}, {"from", step["from"]}, {"to", step["to"]}};
    order = world.services.orders
                .order("rollback_updates", {agent.agent_id},
                       {{"manager", "apt"}, {"updates", Json::array({update})}}, world.approver)
                .front();
  }

  const Json kBack = World::plan({{"downgrade", "nginx", "1.1", "1.0"}});
  const ScanSpec listed_again{.purpose = "verify",
                              .records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}};
  store::Command order;
};

TEST_F(RollingBack, binds_the_steps_and_makes_the_update_available_again) {
  EXPECT_EQ(order.plan_hash, World::hashOf(kBack));
  world.carryOut(agent, order.id, "succeeded", installResult(kBack));
  EXPECT_EQ(nginx(), "available");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").reason.code, "update.rolled_back");
  world.scan(agent, listed_again);
  EXPECT_EQ(nginx(), "available");
  EXPECT_EQ(world.approve({world.update(agent, "nginx", "1.1").id}).approved, 1U);
}

TEST_F(RollingBack, makes_it_available_also_if_the_scan_came_before_the_result_was_settled) {
  world.services.orders.fetch(agent);
  world.clock.advance_s(1);
  world.mustTake(
      agent, {world.stateItem(order.id, "running"),
              world.stateItem(order.id, "succeeded", installResult(kBack)), world.scanItem(listed_again)});
  EXPECT_EQ(nginx(), "failed");
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "available");
}

TEST_F(RollingBack, leaves_the_update_as_it_was_when_the_machine_refuses) {
  world.carryOut(agent, order.id, "refused", Json::array(), "policy", "no allow line matches");
  EXPECT_EQ(nginx(), "verified");
}

TEST_F(Approving, waits_for_the_reboot_and_asks_for_the_scan_after_it) {
  planNginx();
  install(installResult(kNginx, "done", true));
  EXPECT_EQ(nginx(), "awaiting_reboot");
  world.scan(agent, {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}});
  EXPECT_EQ(nginx(), "awaiting_reboot");
  world.mustTake(agent, {world.statusItem("alpha", "act", "boot-2")});
  ASSERT_TRUE(world.services.settlement.run());
  const auto scan = world.newest("scan");
  EXPECT_EQ(scan.actor, "server");
  EXPECT_EQ(parseJson(scan.parameters).value()["purpose"], "verify");
  world.scan(agent, {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}, .boot_id = "boot-2"});
  EXPECT_EQ(nginx(), "verified");
}

TEST_F(Approving, waits_for_no_second_reboot_when_the_machine_told_of_the_install_after_the_first) {
  planNginx();
  const auto order = world.newest("install_updates");
  world.services.orders.fetch(agent);
  world.clock.advance_s(1);
  world.mustTake(
      agent, {world.statusItem("alpha", "act", "boot-2"), world.stateItem(order.id, "running"),
              world.stateItem(order.id, "succeeded", installResult(kNginx, "done", true)),
              world.scanItem(
                  {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}, .command_id = order.id})});
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "awaiting_reboot") << "what was seen before it proves nothing";
  ASSERT_TRUE(world.services.settlement.run());
  const auto scan = world.newest("scan");
  EXPECT_EQ(parseJson(scan.parameters).value()["purpose"], "verify");
  world.scan(agent, {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}, .boot_id = "boot-2"});
  EXPECT_EQ(nginx(), "verified");
}

TEST_F(Approving, gives_the_updates_back_when_the_order_is_cancelled) {
  const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
  world.services.orders.cancel(outcome.command_ids[0], world.approver);
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(nginx(), "available");
}

TEST_F(Approving, fails_as_offline_when_nobody_fetched_the_order) {
  const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
  world.clock.advance_s(8 * 86'400);
  world.services.orders.sweep();
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(world.command(outcome.command_ids[0]).state, store::CommandState::kExpired);
  EXPECT_EQ(nginx(), "failed");
  EXPECT_TRUE(world.update(agent, "nginx", "1.1").reason.code.starts_with("offline"));
}

TEST_F(Approving, never_resets_work_in_flight_by_a_scan) {
  planNginx();
  for (int i = 0; i < 3; ++i) {
    world.scan(agent,
               {.records = {
                    updateRow({.name = "nginx", .candidate = "1.1", .more = {{"origin", std::to_string(i)}}}),
                    updateRow({"curl", "8.1"})}});
    EXPECT_EQ(nginx(), "planned");
  }
}

TEST_F(Approving, tells_a_regression_from_a_new_update) {
  planNginx();
  install(installResult(kNginx));
  world.scan(agent, {.purpose = "verify", .records = {updateRow({"curl", "8.1"})}});
  ASSERT_EQ(nginx(), "verified");
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
  EXPECT_EQ(nginx(), "failed");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").reason.code, "regression.listed_again");
}

TEST(Approvals, a_preview_changes_nothing) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  const auto outcome = world.services.approvals.preview(
      {{world.update(agent, "nginx", "1.1").id}, std::nullopt}, world.approver);
  EXPECT_EQ(outcome.approved, 1U);
  EXPECT_TRUE(outcome.approval_id.empty());
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
  EXPECT_THROW(world.newest("plan_updates"), std::runtime_error);
}

TEST(Approvals, what_cannot_be_approved_is_skipped_with_its_reason) {
  World world;
  const auto acting = world.enrol("acting");
  const auto reporting = world.enrol("reporting", "report");
  world.scan(
      acting,
      {.records = {updateRow({"nginx", "1.1"}),
                   updateRow({.name = "held", .candidate = "2", .blocked_by = "held"}),
                   updateRow({.name = "viewed", .candidate = "3", .more = {{"manager", "viewonly"}}})}});
  world.scan(reporting, {.records = {updateRow({"nginx", "1.1"})}});
  world.approve({world.update(acting, "nginx", "1.1").id});
  const std::vector<std::string> ids = {
      world.update(acting, "nginx", "1.1").id, world.update(acting, "held", "2").id,
      world.update(acting, "viewed", "3").id, world.update(reporting, "nginx", "1.1").id};
  const auto outcome = world.approve(ids);
  EXPECT_EQ(outcome.approved, 0U);
  EXPECT_TRUE(outcome.approval_id.empty());
  std::map<std::string, std::string> codes;
  for (const auto& skipped : outcome.skipped)
    codes[skipped.update_id] = skipped.reason.code;
  EXPECT_EQ(codes[ids[0]], "update.in_flight");
  EXPECT_EQ(codes[ids[1]], "update.blocked");
  EXPECT_EQ(codes[ids[2]], "update.report_only");
  EXPECT_EQ(codes[ids[3]], "agent.report_mode");
}

TEST(Approvals, a_group_is_one_version_on_every_machine) {
  World world;
  std::vector<store::AgentKey> agents;
  for (const char* hostname : {"one", "two", "three"}) {
    agents.push_back(world.enrol(hostname));
    world.scan(agents.back(), {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
  }
  const auto outcome = world.services.approvals.approve(
      {{}, store::UpdateGroupKey{"apt", "nginx", "amd64", "1.1"}}, world.approver);
  EXPECT_EQ(outcome.approved, 3U);
  EXPECT_EQ(outcome.agents, 3U);
  EXPECT_EQ(outcome.command_ids.size(), 3U);
  for (const auto& agent : agents)
    EXPECT_EQ(world.stateOf(agent, "curl", "8.1"), "available");
}

}  // namespace
}  // namespace redflag::testing
