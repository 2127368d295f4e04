#include "services/settlement.h"

#include <gtest/gtest.h>

#include "http/message.h"
#include "support/interrupted_store.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

// The built-in types, whose on_result can be told to fail, or that something else happens before it.
class FailingTypes : public commands::CommandTypes {
 public:
  std::vector<commands::CommandType> all() const override { return builtInTypes().all(); }
  std::optional<commands::CommandType> find(const std::string& id) const override {
    return builtInTypes().find(id);
  }
  std::optional<commands::FieldProblem> validate(const commands::CommandType& type,
                                                 const Json& parameters) override {
    return builtInTypes().validate(type, parameters);
  }
  std::vector<commands::Planned> plan(const commands::CommandType& type,
                                      const std::vector<commands::PlanRequest>& requests) override {
    return builtInTypes().plan(type, requests);
  }
  std::vector<std::vector<Json>> onResult(const commands::CommandType& type,
                                          const std::vector<commands::Outcome>& outcomes) override {
    ++asked;
    if (const auto now = std::exchange(meanwhile, {})) now();
    if (failures > 0) {
      --failures;
      throw http::Problem{503, "command_type.failed", "its host crashed"};
    }
    return builtInTypes().onResult(type, outcomes);
  }
  int failures = 0;
  int asked = 0;
  std::function<void()> meanwhile;  // once
};

// A plan in the hands of its machine.
struct Planning {
  explicit Planning(FailingTypes& types) : world(&types), agent(world.enrol()) {
    world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
    command_id = world.approve({world.update(agent, "nginx", "1.1").id}).command_ids.at(0);
    world.services.orders.fetch(agent);
  }
  void succeed() {
    const Json plan = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});
    world.mustTake(agent,
                   {world.stateItem(command_id, "succeeded",
                                    Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}}))});
  }
  void expire() {
    world.clock.advance_s(8 * kDay);
    world.services.orders.sweep();
    EXPECT_EQ(world.command(command_id).state, store::CommandState::kExpired);
  }
  std::string nginx() { return world.stateOf(agent, "nginx", "1.1"); }
  World world;
  store::AgentKey agent;
  std::string command_id;
};

// And its answer.
struct Planned : Planning {
  explicit Planned(FailingTypes& types) : Planning(types) { succeed(); }
};

TEST(Settlement, effects_are_due_until_they_are_done_and_then_never_again) {
  FailingTypes types;
  types.failures = 2;
  Planned planned(types);
  EXPECT_FALSE(planned.world.services.settlement.run());
  EXPECT_EQ(planned.nginx(), "approved");
  EXPECT_FALSE(planned.world.services.settlement.run());
  EXPECT_TRUE(planned.world.services.settlement.run());
  EXPECT_EQ(planned.nginx(), "planned");
  const int asked = types.asked;
  EXPECT_TRUE(planned.world.services.settlement.run());
  EXPECT_EQ(types.asked, asked);
  store::CommandFilter installs;
  installs.type = "install_updates";
  EXPECT_EQ(planned.world.store.read([&](const store::ReadTransaction& tx) {
    return tx.commands().list(installs, http::Visible::everything(), {10, ""}).total;
  }),
            1);
}

TEST(Settlement, gives_up_on_a_type_that_always_fails_and_leaves_no_update_waiting) {
  FailingTypes types;
  types.failures = 1000;
  Planned planned(types);
  int rounds = 1;
  while (!planned.world.services.settlement.run())
    ASSERT_LT(++rounds, 10);
  EXPECT_EQ(planned.nginx(), "failed");
  EXPECT_EQ(planned.world.update(planned.agent, "nginx", "1.1").reason.code, "install.command_type_failed");
}

TEST(Settlement, of_what_expired_does_not_hold_when_its_late_result_comes_before_it) {
  FailingTypes types;
  Planning late(types);
  late.expire();
  types.meanwhile = [&] { late.succeed(); };
  late.world.services.settlement.run();
  EXPECT_EQ(late.nginx(), "approved") << "it has succeeded by now";
  EXPECT_TRUE(late.world.services.settlement.run());
  EXPECT_EQ(late.nginx(), "planned");
}

TEST(Settlement, waits_for_the_end_of_what_expired_and_was_accepted_after_all) {
  FailingTypes types;
  Planning late(types);
  late.expire();
  late.world.mustTake(late.agent, {late.world.stateItem(late.command_id, "accepted")});
  EXPECT_TRUE(late.world.services.settlement.run());
  EXPECT_EQ(types.asked, 0);
  EXPECT_EQ(late.nginx(), "approved");
  late.succeed();
  EXPECT_TRUE(late.world.services.settlement.run());
  EXPECT_EQ(late.nginx(), "planned");
}

TEST(Settlement, does_not_take_a_busy_store_for_a_type_that_fails) {
  FailingTypes types;
  Planned planned(types);
  InterruptedStore store(planned.world.store);
  services::Services second(
      {store, types, planned.world.signer, nullptr, nullptr, planned.world.bell, planned.world.clock});
  for (int i = 0; i < 6; ++i) {
    store.meanwhile = [] { throw http::Problem{503, "store.busy", "", "", 1}; };
    EXPECT_THROW(second.settlement.run(), http::Problem);
  }
  EXPECT_TRUE(second.settlement.run());
  EXPECT_EQ(planned.nginx(), "planned");
}

TEST(Settlement, survives_a_restart_between_the_result_and_its_effects) {
  FailingTypes types;
  Planned planned(types);
  // Another server over the same database: as after a kill.
  const auto reopened = planned.world.database.open(planned.world.clock);
  services::Services second(
      {*reopened, types, planned.world.signer, nullptr, nullptr, planned.world.bell, planned.world.clock});
  EXPECT_TRUE(second.settlement.run());
  EXPECT_EQ(planned.nginx(), "planned");
  EXPECT_TRUE(planned.world.services.settlement.run());
}

// An install by a plugin, with a reboot after it that has been.
void installBeforeReboot(store::WriteTransaction& tx, const store::AgentKey& agent,
                         const std::string& plugin) {
  using store::UpdateEvent;
  store::UpdateRecord record;
  record.manager = plugin;
  record.key = record.name = "linux";
  record.candidate_version = "2";
  const std::string id = tx.updates().add(agent, plugin, "main", record, "digest", 1);
  auto state = store::UpdateState::kAvailable;
  for (const auto event : {UpdateEvent::kApproved, UpdateEvent::kPlanCovered, UpdateEvent::kInstallStarted,
                           UpdateEvent::kInstallDone, UpdateEvent::kRebootNeeded}) {
    tx.updates().advance(agent, id, state, event, {{}, "command", "boot-0", true}, 2);
    state = *store::after(state, event);
  }
}

// Of the plugins only apt is there.
class TypesForApt : public FailingTypes {
 public:
  std::optional<commands::FieldProblem> validate(const commands::CommandType&, const Json&) override {
    return std::nullopt;
  }
  std::vector<commands::Planned> plan(const commands::CommandType& type,
                                      const std::vector<commands::PlanRequest>& requests) override {
    if (requests[0].parameters["plugins"][0] == "apt") return FailingTypes::plan(type, requests);
    ++refused;
    commands::Planned none;
    none.error_code = "scan.unknown_plugin";
    return {none};
  }
  int refused = 0;
};

TEST(Settlement, asks_each_rebooted_machine_for_its_scan_however_many_before_it_cannot_be_asked) {
  TypesForApt types;
  World world(&types);
  const auto one = world.enrol("one");
  const auto other = world.enrol("other");
  const bool in_order = one.agent_id < other.agent_id;
  world.store.write([&](store::WriteTransaction& tx) {
    for (int i = 0; i < 200; ++i)
      installBeforeReboot(tx, in_order ? one : other, "gone-" + std::to_string(i));
    installBeforeReboot(tx, in_order ? other : one, "apt");
  });
  world.services.settlement.run();
  EXPECT_EQ(types.refused, 200);
  EXPECT_THROW(world.newest("scan"), std::runtime_error);
  world.services.settlement.run();
  EXPECT_EQ(world.newest("scan").agent_id, in_order ? other.agent_id : one.agent_id);
  world.services.settlement.run();
  EXPECT_EQ(types.refused, 200) << "not again at once";
  world.clock.turn_s(-kDay);
  world.clock.advance_s(3'600);
  for (int i = 0; i < 2; ++i)
    world.services.settlement.run();
  EXPECT_EQ(types.refused, 400) << "whatever the clock says";
}

}  // namespace
}  // namespace redflag::testing
