// What is ignored stays out of the way and is never lost.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "services/ignore_match.h"
#include "store/decisions.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

store::IgnoreRule named(const std::string& pattern, std::int64_t until = 0) {
  store::IgnoreRule rule;
  rule.pattern = pattern;
  rule.reason = "breaks the till";
  rule.until = until;
  return rule;
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const http::Problem& problem) {
    return problem.code;
  }
  return "";
}

class Ignoring : public ::testing::Test {
 protected:
  Ignoring() : agent(world.enrol("alpha")), other(world.enrol("beta")) {
    world.scan(agent, {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
    world.scan(other, {.records = {updateRow({"nginx", "1.1"})}});
  }

  store::IgnoreRule ignore(store::IgnoreRule rule) {
    return world.services.ignores.add(std::move(rule), world.approver);
  }
  std::string stateOf(const store::AgentKey& of, const std::string& name = "nginx",
                      const std::string& version = "1.1") {
    return world.stateOf(of, name, version);
  }
  store::UpdateTotals totals() {
    return world.store.read(
        [](const store::ReadTransaction& tx) { return tx.updates().totals(http::Visible::everything()); });
  }

  World world;
  store::AgentKey agent;
  store::AgentKey other;
};

TEST_F(Ignoring, takes_what_the_rule_covers_and_counts_it_by_itself) {
  const auto rule = ignore(named("nginx"));
  EXPECT_EQ(rule.updates, 2);
  EXPECT_EQ(stateOf(agent), "ignored");
  EXPECT_EQ(stateOf(other), "ignored");
  EXPECT_EQ(stateOf(agent, "curl", "8.1"), "available");
  EXPECT_EQ(totals().available, 1);
  EXPECT_EQ(totals().by_state[store::UpdateState::kIgnored], 2);
  const auto row = world.update(agent, "nginx", "1.1");
  EXPECT_EQ(row.ignored_by, rule.id);
  EXPECT_EQ(row.ignored_author, "erin");
  EXPECT_EQ(row.reason.text, "breaks the till");
}

TEST_F(Ignoring, is_taken_by_no_approval) {
  ignore(named("nginx"));
  const auto outcome = world.approve({world.update(agent, "nginx", "1.1").id});
  EXPECT_EQ(outcome.approved, 0U);
  ASSERT_EQ(outcome.skipped.size(), 1U);
  EXPECT_EQ(outcome.skipped[0].reason.code, "update.ignored");
}

TEST_F(Ignoring, is_lifted_by_hand_once) {
  const auto rule = ignore(named("nginx"));
  const auto lifted = world.services.ignores.lift(rule.id, world.approver);
  EXPECT_EQ(lifted.state, store::RuleState::kLifted);
  EXPECT_EQ(lifted.ended_by, "erin");
  EXPECT_EQ(stateOf(agent), "available");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").ignored_by, "");
  EXPECT_EQ(refusal([&] { world.services.ignores.lift(rule.id, world.approver); }), "ignore_rule.ended");
  EXPECT_EQ(world.approve({world.update(agent, "nginx", "1.1").id}).approved, 1U);
}

TEST_F(Ignoring, ends_by_its_date_and_not_before) {
  const auto rule = ignore(named("nginx", world.clock.now + kDayNs));
  world.clock.now += kDayNs - kSecondNs;
  world.services.ignores.sweep();
  EXPECT_EQ(stateOf(agent), "ignored");
  world.clock.now += kSecondNs;
  world.services.ignores.sweep();
  EXPECT_EQ(stateOf(agent), "available");
  const auto page = world.services.ignores.list({store::RuleState::kExpired}, world.approver, {});
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].id, rule.id);
  EXPECT_EQ(page.items[0].ended_by, "");
}

TEST_F(Ignoring, holds_for_what_comes_later) {
  ignore(named("lib*"));
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"}), updateRow({"LibSSL3", "3.1"})}});
  EXPECT_EQ(stateOf(agent, "LibSSL3", "3.1"), "ignored");
  // The same again leaves it, a newer version is ignored in its place.
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"}), updateRow({"LibSSL3", "3.2"})}});
  EXPECT_EQ(stateOf(agent, "LibSSL3", "3.1"), "superseded");
  EXPECT_EQ(stateOf(agent, "LibSSL3", "3.2"), "ignored");
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  EXPECT_EQ(stateOf(agent, "LibSSL3", "3.2"), "resolved_elsewhere");
}

TEST_F(Ignoring, of_one_version_lets_the_next_one_through) {
  auto rule = named("nginx");
  rule.version = "1.1";
  ignore(rule);
  world.scan(agent, {.records = {updateRow({"nginx", "1.2"})}});
  EXPECT_EQ(stateOf(agent), "superseded");
  EXPECT_EQ(stateOf(agent, "nginx", "1.2"), "available");
}

TEST_F(Ignoring, leaves_what_is_under_way_and_takes_it_when_it_comes_back) {
  const auto command = world.approve({world.update(agent, "nginx", "1.1").id}).command_ids.at(0);
  EXPECT_EQ(world.services.ignores.preview(named("nginx"), world.approver).under_way, 1U);
  ignore(named("nginx"));
  EXPECT_EQ(stateOf(agent), "approved");
  EXPECT_EQ(stateOf(other), "ignored");
  world.services.orders.cancel(command, world.approver);
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(stateOf(agent), "ignored");
}

TEST_F(Ignoring, of_one_agent_is_of_no_other) {
  auto rule = named("");
  rule.pattern = "";
  rule.manager = "apt";
  rule.key = "nginx:amd64";
  rule.scope = {agent.client_id, "", agent.agent_id};
  ignore(rule);
  EXPECT_EQ(stateOf(agent), "ignored");
  EXPECT_EQ(stateOf(other), "available");
}

TEST_F(Ignoring, by_two_rules_ends_with_the_longer_one) {
  const auto for_good = ignore(named("nginx"));
  const auto for_now = ignore(named("ngin?", world.clock.now + kDayNs));
  EXPECT_EQ(world.update(agent, "nginx", "1.1").ignored_by, for_good.id);
  world.services.ignores.lift(for_good.id, world.approver);
  EXPECT_EQ(world.update(agent, "nginx", "1.1").ignored_by, for_now.id);
  EXPECT_EQ(stateOf(agent), "ignored");
  world.services.ignores.lift(for_now.id, world.approver);
  EXPECT_EQ(stateOf(agent), "available");
}

TEST_F(Ignoring, at_a_site_follows_the_machine_that_moves) {
  const auto site = world.services.places.addSite(agent.client_id, "Elsewhere", world.admin);
  auto rule = named("nginx");
  rule.scope = {agent.client_id, site.id, ""};
  ignore(rule);
  EXPECT_EQ(stateOf(agent), "available");
  world.services.places.move(agent.agent_id, site.id, world.admin);
  EXPECT_EQ(stateOf(agent), "ignored");
  world.services.places.move(agent.agent_id, agent.site_id, world.admin);
  EXPECT_EQ(stateOf(agent), "available");
}

TEST_F(Ignoring, preview_changes_nothing) {
  const auto reach = world.services.ignores.preview(named("*"), world.approver);
  EXPECT_EQ(reach.updates, 3U);
  EXPECT_EQ(reach.agents, 2U);
  EXPECT_EQ(reach.sample.size(), 3U);
  EXPECT_EQ(stateOf(agent), "available");
}

TEST_F(Ignoring, asks_for_the_role_over_all_of_its_scope) {
  const services::Actor of_site{"sam", http::Grants({{"approver", agent.client_id, agent.site_id}})};
  const auto add = [&](const store::DecisionScope& scope, const services::Actor& actor) {
    auto rule = named("nginx");
    rule.scope = scope;
    return refusal([&] { world.services.ignores.add(rule, actor); });
  };
  EXPECT_EQ(add({}, of_site), "role.insufficient");
  EXPECT_EQ(add({agent.client_id, "", ""}, of_site), "role.insufficient");
  EXPECT_EQ(add({agent.client_id, agent.site_id, ""}, of_site), "");
  EXPECT_EQ(add({agent.client_id, "", agent.agent_id}, of_site), "");
  EXPECT_EQ(add({"", agent.site_id, ""}, of_site), "") << "its client is known";
  EXPECT_EQ(add({"", "", agent.agent_id}, of_site), "");
  EXPECT_EQ(add({newId(), "", agent.agent_id}, world.approver), "agent.not_found");
  EXPECT_EQ(add({newId(), "", ""}, world.approver), "place.not_found");
  EXPECT_EQ(add({agent.client_id, "", newId()}, world.approver), "agent.not_found");
  EXPECT_EQ(add({agent.client_id, agent.site_id, ""}, world.technician), "role.insufficient");
}

TEST_F(Ignoring, refuses_a_date_that_has_passed) {
  EXPECT_EQ(refusal([&] { ignore(named("nginx", world.clock.now)); }), "ignore_rule.past");
}

TEST_F(Ignoring, is_in_the_history_of_the_machine_and_in_the_audit_log) {
  const auto rule = ignore(named("nginx"));
  world.services.ignores.lift(rule.id, world.approver);
  std::vector<std::string> kinds;
  for (const auto& entry : world.history(agent))
    kinds.push_back(entry.kind);
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "update.ignored"), kinds.end());
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "update.unignored"), kinds.end());
}

TEST_F(Ignoring, shows_a_rule_to_whom_it_concerns) {
  ignore(named("nginx"));
  auto at_site = named("curl");
  at_site.scope = {agent.client_id, agent.site_id, ""};
  ignore(at_site);
  const auto seen = [&](const http::Grants& grants) {
    return world.services.ignores.list({store::RuleState::kActive}, {"x", grants}, {}).items.size();
  };
  EXPECT_EQ(seen(http::Grants({{"viewer", agent.client_id, agent.site_id}})), 2U);
  EXPECT_EQ(seen(http::Grants({{"viewer", newId(), ""}})), 1U) << "what holds everywhere";
}

TEST_F(Ignoring, pages_of_rules_come_each_once) {
  for (int i = 0; i < 5; ++i)
    ignore(named("nothing-" + std::to_string(i)));
  std::set<std::string> ids;
  store::PageRequest page{2, ""};
  do {
    const auto part = world.services.ignores.list({store::RuleState::kActive}, world.approver, page);
    EXPECT_EQ(part.total, 5);
    for (const auto& rule : part.items)
      EXPECT_TRUE(ids.insert(rule.id).second);
    page.cursor = part.next_cursor;
  } while (!page.cursor.empty());
  EXPECT_EQ(ids.size(), 5U);
}

}  // namespace
}  // namespace redflag::testing
