#include "services/beforehand.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using store::CommandState;

constexpr std::int64_t kWholeDay_s = 86'400;

// A rule asks for a second person from two machines on; there are two.
class ApprovedBeforehand : public ::testing::Test {
 protected:
  ApprovedBeforehand() {
    for (const char* name : {"alpha", "beta"}) {
      agents.push_back(world.enrol(name));
      Json status = world.statusItem(name, "act");
      Json system = status["plugins"][0];
      system["id"] = "system";
      status["plugins"].push_back(std::move(system));
      world.mustTake(agents.back(), {status});
    }
    for (const char* risk : {"high", "destructive"})
      world.services.second_person.setRule(risk, 2, admin);
  }

  Actor person(const std::string& name, const Grants& grants) {
    const auto account = world.services.users.add("person", name, "hash", grants, admin);
    return {name, grants, true, account.id, account.id};
  }
  static std::string codeOf(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }
  std::vector<CommandState> statesOf(const std::string& type) {
    store::CommandFilter filter;
    filter.type = type;
    std::vector<CommandState> states;
    const auto page = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.commands().list(filter, http::Visible::everything(), {100, ""});
    });
    for (const auto& command : page.items)
      states.push_back(command.state);
    return states;
  }
  bool recorded(const std::string& kind, const std::string& actor) {
    const auto page = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.events().history("", "", {500, ""});
    });
    return std::any_of(page.items.begin(), page.items.end(), [&](const store::HistoryEntry& entry) {
      return entry.kind == kind && entry.actor == actor;
    });
  }

  World world;
  std::vector<store::AgentKey> agents;
  const Actor admin{"ada", Grants::everywhere("admin"), true, newId(), ""};
  const Actor erin = person("erin", Grants::everywhere("approver"));
  const Actor paul = person("paul", Grants::everywhere("approver"));
};

class BeforehandSchedule : public ApprovedBeforehand {
 protected:
  services::ScheduleWish wish(const std::string& name = "Nightly restart") {
    services::ScheduleWish wish;
    wish.name = name;
    wish.type = "reboot";
    wish.parameters = {{"delay_min", 1}};
    const Json daily = {{"repeat", "daily"}, {"time", "23:00"}};
    JsonReader rule(daily, "rule");
    wish.rule = calendar::readRule(rule);
    return wish;
  }
  // At 23:01 of the first day, which begins at 22:13, or of the next; what was ordered before is over.
  std::vector<CommandState> comes() {
    world.clock.advance_s(first ? 48 * 60 : kWholeDay_s);
    first = false;
    world.services.orders.sweep();
    world.services.schedule_runner.run();
    auto states = statesOf("reboot");
    states.resize(2);
    return states;
  }
  services::Beforehand seen(const std::string& id, const std::string& reason = "agreed with erin") {
    return {id, toRfc3339(schedules.find(id, paul).changed_at), reason};
  }
  std::string approving(const services::Beforehand& what, const Actor& actor) {
    return codeOf([&] { schedules.approve(what, actor); });
  }

  services::Schedules& schedules = world.services.schedules;
  bool first = true;
};

const std::vector<CommandState> kBothWait(2, CommandState::kAwaitingApproval);
const std::vector<CommandState> kBothGo(2, CommandState::kQueued);

TEST_F(BeforehandSchedule, B12_what_a_schedule_orders_waits_for_another_person_each_time) {
  schedules.add(wish(), erin);
  EXPECT_EQ(comes(), kBothWait);
  EXPECT_TRUE(world.services.orders.fetch(agents[0]).empty());
  const auto held = world.newest("reboot");
  EXPECT_EQ(codeOf([&] { world.services.second_person.approve(held.order_id, "x", erin); }), "403 order.own");
  EXPECT_EQ(world.services.second_person.approve(held.order_id, "this once", paul), 2U);
  EXPECT_EQ(world.services.orders.fetch(agents[0]).size(), 1U);
  EXPECT_EQ(comes(), kBothWait) << "one approval is for one order";
}

TEST_F(BeforehandSchedule, what_a_schedule_orders_begins_no_later_because_it_waited_for_another_person) {
  auto late = wish();
  late.catch_up_s = 1'800;
  schedules.add(late, erin);
  ASSERT_EQ(comes(), kBothWait);
  const auto held = world.newest("reboot");
  EXPECT_EQ(toRfc3339(held.expires_at), "2023-11-14T23:30:00.000Z");
  world.clock.advance_s(20 * 60);
  EXPECT_EQ(world.services.second_person.approve(held.order_id, "just in time", paul), 2U);
  EXPECT_EQ(toRfc3339(world.command(held.id).expires_at), "2023-11-14T23:30:00.000Z")
      << "not as long as one that is ordered now";
  ASSERT_EQ(comes(), kBothWait);
  const auto again = world.newest("reboot");
  world.clock.advance_s(10 * 60);
  EXPECT_EQ(codeOf([&] { world.services.second_person.approve(again.order_id, "late", paul); }),
            "409 order.too_late")
      << "whether or not anybody has looked at what is over";
  world.services.orders.sweep();
  EXPECT_EQ(world.command(again.id).state, CommandState::kExpired);
  EXPECT_EQ(world.command(again.id).reason.code, "command.not_approved");
}

TEST_F(BeforehandSchedule, B12_another_person_approves_the_schedule_itself_once) {
  const auto schedule = schedules.add(wish(), erin);
  EXPECT_EQ(approving(seen(schedule.id), erin), "403 order.own");
  EXPECT_EQ(approving(seen(schedule.id), person("tina", Grants::everywhere("technician"))),
            "403 role.insufficient");
  const auto client = Grants({{"admin", agents[0].client_id, ""}});
  EXPECT_EQ(approving(seen(schedule.id), person("carl", client)), "404 schedule.not_found");
  EXPECT_EQ(approving({newId(), "", "x"}, paul), "404 schedule.not_found");
  EXPECT_EQ(approving({schedule.id, toRfc3339(schedule.changed_at - kSecondNs), "x"}, paul),
            "409 second_person.changed");
  EXPECT_TRUE(schedules.find(schedule.id, paul).second.id.empty()) << "what is refused changes nothing";
  ASSERT_EQ(approving(seen(schedule.id), paul), "done");
  EXPECT_TRUE(schedules.find(schedule.id, erin).second.counts);
  EXPECT_TRUE(recorded("schedule.approved", "paul"));
  EXPECT_EQ(comes(), kBothGo);
  EXPECT_EQ(world.newest("reboot").approved_by, "paul");
  EXPECT_EQ(comes(), kBothGo) << "and each time";
}

TEST_F(BeforehandSchedule, B12_whoever_changes_a_schedule_ends_its_approval) {
  const auto schedule = schedules.add(wish(), erin);
  ASSERT_EQ(approving(seen(schedule.id), paul), "done");
  schedules.pause(schedule.id, erin);
  schedules.resume(schedule.id, erin);
  EXPECT_TRUE(schedules.find(schedule.id, erin).second.counts) << "a pause changes nothing of what it says";
  auto other = wish();
  other.parameters["delay_min"] = 30;
  schedules.change(schedule.id, other, erin);
  EXPECT_TRUE(schedules.find(schedule.id, erin).second.id.empty());
  EXPECT_EQ(comes(), kBothWait);
  // Whoever approves first and then puts in what is to happen has approved nothing.
  schedules.change(schedule.id, wish(), erin);
  ASSERT_EQ(approving(seen(schedule.id), paul), "done");
  schedules.change(schedule.id, other, paul);
  EXPECT_EQ(comes(), kBothWait);
  EXPECT_EQ(approving(seen(schedule.id), paul), "403 order.own") << "it is Paul's now";
  EXPECT_EQ(approving(seen(schedule.id), erin), "done");
}

TEST_F(BeforehandSchedule, B12_an_approval_counts_as_long_as_its_giver_may_give_it) {
  const auto schedule = schedules.add(wish(), erin);
  ASSERT_EQ(approving(seen(schedule.id), paul), "done");
  world.services.users.change("person", paul.id, {Grants::everywhere("technician"), {}}, admin);
  EXPECT_FALSE(schedules.find(schedule.id, erin).second.counts);
  EXPECT_EQ(comes(), kBothWait);
  world.services.users.change("person", paul.id, {Grants::everywhere("approver"), {}}, admin);
  EXPECT_EQ(comes(), kBothGo);
  world.services.users.change("person", paul.id, {{}, true}, admin);
  EXPECT_EQ(comes(), kBothWait);
  world.services.users.remove("person", paul.id, admin);
  EXPECT_EQ(comes(), kBothWait);
}

TEST_F(BeforehandSchedule, B12_an_approval_is_taken_back_by_who_could_give_it) {
  const auto schedule = schedules.add(wish(), erin);
  const auto withdrawing = [&](const Actor& actor) {
    return codeOf([&] { schedules.withdrawApproval(schedule.id, actor); });
  };
  EXPECT_EQ(withdrawing(paul), "409 second_person.none");
  ASSERT_EQ(approving(seen(schedule.id), paul), "done");
  EXPECT_EQ(withdrawing(person("tina", Grants::everywhere("technician"))), "403 role.insufficient");
  EXPECT_EQ(withdrawing(paul), "done");
  EXPECT_TRUE(recorded("schedule.approval_withdrawn", "paul"));
  EXPECT_EQ(comes(), kBothWait);
}

TEST_F(BeforehandSchedule, B12_whoever_made_the_token_that_saved_it_is_not_another_person) {
  const auto account =
      world.services.users.add("service", "robot", "", Grants::everywhere("approver"), admin);
  const Actor by_token{"robot", Grants::everywhere("approver"), true, account.id, erin.id};
  const auto schedule = schedules.add(wish(), by_token);
  EXPECT_EQ(comes(), kBothWait);
  EXPECT_EQ(codeOf([&] {
              world.services.second_person.approve(world.newest("reboot").order_id, "mine, after all", erin);
            }),
            "403 order.own");
  EXPECT_EQ(approving(seen(schedule.id), erin), "403 order.own");
  EXPECT_EQ(approving(seen(schedule.id), paul), "done");
}

TEST_F(BeforehandSchedule, B12_two_accounts_that_one_person_may_have_are_not_two_persons) {
  const Actor boss = person("boss", Grants::everywhere("admin"));
  const auto puppet =
      world.services.users.add("person", "puppet", "hash", Grants::everywhere("approver"), boss);
  const Actor hers{"puppet", Grants::everywhere("approver"), true, puppet.id, puppet.id};
  const auto schedule = schedules.add(wish(), boss);
  EXPECT_EQ(approving(seen(schedule.id), hers), "403 order.not_independent");
  EXPECT_TRUE(schedules.find(schedule.id, erin).second.id.empty());
}

class BeforehandPolicy : public ApprovedBeforehand {
 protected:
  BeforehandPolicy() { offer("1.1"); }

  void offer(const std::string& version) {
    for (const auto& agent : agents)
      world.scan(agent, {.records = {updateRow({"nginx", version})}});
  }
  services::LoadedPolicy draft(bool install = true) {
    services::LoadedPolicy one;
    one.policy.name = "all at once";
    one.terms.install = install;
    one.terms.lines.emplace_back();  // any update, at once
    return one;
  }
  std::vector<CommandState> orders() {
    world.clock.advance_s(60);
    world.services.policies.sweep();
    auto states = statesOf("plan_updates");
    if (states.size() > 2) states.resize(2);
    return states;
  }
  std::string approving(const services::LoadedPolicy& one, const Actor& actor) {
    return codeOf([&] {
      policies.approve({one.policy.id, toRfc3339(one.policy.changed_at), "read it"}, actor);
    });
  }

  services::Policies& policies = world.services.policies;
  const Actor dora = person("dora", Grants::everywhere("admin"));
};

TEST_F(BeforehandPolicy, B12_what_a_policy_orders_waits_until_another_person_has_approved_the_policy) {
  auto one = policies.add(draft(), dora);
  EXPECT_EQ(orders(), kBothWait);
  world.services.second_person.decline(world.newest("plan_updates").order_id, "not one by one", paul);
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(approving(one, dora), "403 order.own");
  EXPECT_EQ(approving(one, world.technician), "403 role.insufficient");
  EXPECT_TRUE(policies.list(dora).at(0).policy.second.id.empty()) << "what is refused changes nothing";
  ASSERT_EQ(approving(one, paul), "done");
  EXPECT_TRUE(policies.list(dora).at(0).policy.second.counts);
  EXPECT_TRUE(recorded("policy.approved", "paul"));
  offer("1.2");
  EXPECT_EQ(orders(), kBothGo);
  EXPECT_EQ(world.newest("plan_updates").approved_by, "paul");
}

TEST_F(BeforehandPolicy, B12_whoever_changes_a_policy_ends_its_approval) {
  const auto one = policies.add(draft(), dora);
  ASSERT_EQ(approving(one, paul), "done");
  world.clock.advance_s(1);
  auto renamed = one;
  renamed.policy.name = "everything at once";
  const auto changed = policies.change(renamed, dora);
  EXPECT_EQ(orders(), kBothWait);
  EXPECT_EQ(approving(one, paul), "409 second_person.changed") << "it is not what was seen any more";
  EXPECT_EQ(approving(changed, paul), "done");
  EXPECT_EQ(codeOf([&] { policies.withdrawApproval(one.policy.id, paul); }), "done");
  EXPECT_EQ(codeOf([&] { policies.withdrawApproval(one.policy.id, paul); }), "409 second_person.none");
}

TEST_F(BeforehandPolicy, whoever_takes_a_machine_into_its_group_ends_its_approval) {
  services::Groups& groups = world.services.groups;
  const std::string first = agents[0].agent_id;
  const auto group = groups.add({agents[0].client_id, "Databases", std::vector{first}}, dora).group.id;
  auto wish = draft();
  wish.policy.scope.group_id = group;
  ASSERT_EQ(approving(policies.add(wish, dora), paul), "done");
  const auto approvedBy = [&] { return policies.list(dora).at(0).policy.second.by; };
  EXPECT_EQ(codeOf([&] {
              groups.change(group, {"", "Stores", std::vector{first}}, erin);
            }),
            "403 role.insufficient");
  groups.change(group, {"", "Stores", std::vector{first}}, dora);
  EXPECT_EQ(approvedBy(), "paul") << "it is for nobody else";
  groups.change(group, {"", "Stores", std::vector{first, agents[1].agent_id}}, dora);
  EXPECT_EQ(approvedBy(), "");
  EXPECT_EQ(orders(), kBothWait);
}

TEST_F(BeforehandPolicy, nobody_approves_it_for_a_machine_that_came_after_they_looked) {
  services::Groups& groups = world.services.groups;
  const std::string first = agents[0].agent_id;
  const auto group = groups.add({agents[0].client_id, "Databases", std::vector{first}}, dora).group.id;
  auto wish = draft();
  wish.policy.scope.group_id = group;
  const auto looked_at = policies.add(wish, dora);
  world.clock.advance_s(1);
  groups.change(group, {"", "Databases", std::vector{first, agents[1].agent_id}}, dora);
  EXPECT_EQ(approving(looked_at, paul), "409 second_person.changed");
  const auto now = policies.list(dora).at(0);
  EXPECT_EQ(now.policy.author_id, dora.id) << "who answers for it stays";
  EXPECT_EQ(approving(now, paul), "done");
  world.clock.advance_s(1);
  groups.change(group, {"", "Databases", std::vector{first}}, dora);
  EXPECT_EQ(policies.list(dora).at(0).policy.second.by, "paul") << "fewer are no others";
}

TEST_F(BeforehandPolicy, a_policy_that_orders_nothing_needs_no_second_person) {
  const auto one = policies.add(draft(false), dora);
  EXPECT_EQ(approving(one, paul), "409 policy.orders_nothing");
}

}  // namespace
}  // namespace redflag::testing
