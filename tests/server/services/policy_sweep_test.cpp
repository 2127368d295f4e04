// What policies approve in the server's rounds, while others work, and when there is much.
#include <gtest/gtest.h>

#include "services/policies.h"
#include "support/interrupted_types.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

services::LoadedPolicy installingAll(const std::string& name) {
  services::LoadedPolicy one;
  one.policy.name = name;
  one.terms.lines = {{}};
  one.terms.install = true;
  return one;
}

// One machine has no plugin any more that could do it.
class TypesWithoutPlugin : public InterruptedTypes {
 public:
  std::vector<commands::Planned> plan(const commands::CommandType& type,
                                      const std::vector<commands::PlanRequest>& requests) override {
    auto plans = InterruptedTypes::plan(type, requests);
    for (std::size_t i = 0; i < plans.size(); ++i) {
      if (requests[i].agent_id != agent_id) continue;
      plans[i].error_code = "agent.no_plugin";
      plans[i].error_text = "it has none";
    }
    return plans;
  }
  std::string agent_id;
};

TEST(PolicySweep, has_a_turn_for_every_row_however_many_before_it_cannot_be_approved) {
  TypesWithoutPlugin types;
  World world(&types);
  const auto one = world.enrol("one");
  const auto other = world.enrol("other");
  const auto& first = one.agent_id < other.agent_id ? one : other;
  const auto& second = one.agent_id < other.agent_id ? other : one;
  types.agent_id = first.agent_id;
  world.scan(second, {.records = {updateRow({"nginx", "1.1"})}});
  world.store.write([&](store::WriteTransaction& tx) {
    for (int i = 0; i < 10'000; ++i) {
      store::UpdateRecord record;
      record.manager = "apt";
      record.key = record.name = "package-" + std::to_string(i);
      record.candidate_version = "2";
      tx.updates().add(first, "apt", "main", record, record.key, world.clock.now);
    }
  });
  world.services.policies.add(installingAll("all"), world.admin);
  const auto stateAfterARound = [&] {
    world.clock.advance_s(60);
    world.services.policies.sweep();
    return world.stateOf(second, "nginx", "1.1");
  };
  EXPECT_EQ(stateAfterARound(), "available");
  EXPECT_EQ(stateAfterARound(), "approved");
  types.agent_id.clear();
  stateAfterARound();
  EXPECT_EQ(world.stateOf(first, "package-0", "2"), "approved") << "from the beginning again";
}

TEST(PolicySweep, is_kept_from_no_machine_by_one_whose_order_nobody_could_write) {
  World world;
  const auto agent = world.enrol("alpha");
  const auto odd = world.enrol("odd");
  const std::string manager(100, 'm');
  Json status = world.statusItem("odd", "act");
  status["plugins"][0]["id"] = manager;
  world.mustTake(odd, {status});
  world.scan(odd, {.records = {updateRow({.name = "x", .candidate = "2", .more = {{"manager", manager}}})},
                   .plugin = manager});
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  world.services.policies.add(installingAll("all"), world.admin);
  world.clock.advance_s(60);
  world.services.policies.sweep();
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "approved");
  EXPECT_EQ(world.stateOf(odd, "x", "2"), "available");
}

// While the orders are planned, outside of any transaction, somebody is faster.
TEST(PolicySweep, approves_nothing_by_what_was_changed_before_it_was_done) {
  InterruptedTypes types;
  World world(&types);
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  services::Groups& groups = world.services.groups;
  const auto members = [&](const std::string& id, const std::vector<std::string>& agent_ids) {
    groups.change(id, {"", "Databases", agent_ids}, world.admin);
  };
  const auto group =
      groups.add({agent.client_id, "Databases", std::vector{agent.agent_id}}, world.admin).group.id;
  auto one = installingAll("databases");
  one.policy.scope.group_id = group;
  one = world.services.policies.add(one, world.admin);
  auto disabled = one;
  disabled.policy.enabled = false;
  int times = 0;
  const std::vector<std::function<void()>> changes = {
      [&] { members(group, {}); },
      [&] { world.services.policies.change(disabled, world.admin); },
  };
  for (const auto& change : changes) {
    members(group, {agent.agent_id});
    types.meanwhile = [&] {
      ++times;
      change();
    };
    world.clock.advance_s(60);
    world.services.policies.sweep();
    EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
    EXPECT_THROW(world.newest("plan_updates"), std::runtime_error);
  }
  EXPECT_EQ(times, 2);
  world.services.policies.change(one, world.admin);
  world.clock.advance_s(60);
  world.services.policies.sweep();
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "approved");
}

}  // namespace
}  // namespace redflag::testing
