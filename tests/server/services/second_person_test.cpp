#include "services/second_person.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using store::CommandState;

constexpr std::int64_t kDay_s = 86'400;

class SecondPersonRule : public ::testing::Test {
 protected:
  SecondPersonRule() {
    for (const char* name : {"alpha", "beta", "gamma"}) {
      agents.push_back(world.enrol(name));
      Json status = world.statusItem(name, "act");
      Json system = status["plugins"][0];
      system["id"] = "system";
      status["plugins"].push_back(std::move(system));
      world.mustTake(agents.back(), {status});
    }
    world.services.second_person.setRule("high", 2, admin);
  }

  // Somebody with an account of their own.
  Actor person(const std::string& name, const Grants& grants, const Actor& by) {
    const auto account = world.services.users.add("person", name, "hash", grants, by);
    return {name, grants, true, account.id, account.id};
  }
  std::vector<store::Command> order(const Actor& actor, std::size_t from, std::size_t count) {
    std::vector<std::string> ids;
    for (std::size_t i = from; i < from + count; ++i)
      ids.push_back(agents[i].agent_id);
    // Another one each time: the same order twice would be one.
    const Json services = {"unit-" + std::to_string(++ordered) + ".service"};
    return world.services.orders.order("restart_services", ids, {{"services", services}}, actor);
  }
  static std::string codeOf(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }
  std::string approving(const std::string& order_id, const Actor& actor) {
    return codeOf([&] { world.services.second_person.approve(order_id, "looked at it", actor); });
  }
  CommandState state(const store::Command& command) { return world.command(command.id).state; }

  World world;
  std::vector<store::AgentKey> agents;
  int ordered = 0;
  const Actor admin{"ada", Grants::everywhere("admin"), true, newId(), ""};
  const Actor erin = person("erin", Grants::everywhere("approver"), admin);
  const Actor paul = person("paul", Grants::everywhere("approver"), admin);
};

TEST_F(SecondPersonRule, holds_an_order_over_as_many_machines_until_another_person_approves_it) {
  const auto held = order(erin, 0, 2);
  for (const auto& command : held)
    EXPECT_EQ(command.state, CommandState::kAwaitingApproval);
  EXPECT_EQ(held[0].order_id, held[1].order_id);
  EXPECT_TRUE(world.services.orders.fetch(agents[0]).empty());
  EXPECT_TRUE(world.streams.rung.empty());
  EXPECT_EQ(world.services.second_person.approve(held[0].order_id, "agreed", paul), 2U);
  EXPECT_EQ(state(held[0]), CommandState::kQueued);
  EXPECT_EQ(world.command(held[0].id).approved_by, "paul");
  EXPECT_EQ(world.streams.rung.size(), 2U);
  EXPECT_EQ(world.services.orders.fetch(agents[0]).size(), 1U);
  EXPECT_EQ(approving(held[0].order_id, paul), "404 order.not_found");
}

TEST_F(SecondPersonRule, lets_smaller_orders_go_but_counts_those_of_an_hour_together) {
  EXPECT_EQ(order(erin, 0, 1)[0].state, CommandState::kQueued);
  EXPECT_EQ(order(paul, 1, 1)[0].state, CommandState::kQueued) << "another person has a count of their own";
  EXPECT_EQ(order(erin, 2, 1)[0].state, CommandState::kAwaitingApproval);
  world.clock.advance_s(3'601);
  EXPECT_EQ(order(paul, 0, 1)[0].state, CommandState::kQueued);
}

TEST_F(SecondPersonRule, is_not_for_its_author_nor_for_who_may_not_there_nor_for_who_sees_nothing) {
  const auto held = order(erin, 0, 2);
  const auto other = world.services.places.addClient("Other", world.admin);
  const Actor stranger = person("sam", Grants({{"admin", other.id, ""}}), admin);
  const Actor technician = person("tina", Grants::everywhere("technician"), admin);
  EXPECT_EQ(approving(held[0].order_id, erin), "403 order.own");
  EXPECT_EQ(approving(held[0].order_id, technician), "403 role.insufficient");
  EXPECT_EQ(approving(held[0].order_id, stranger), "404 order.not_found");
  EXPECT_EQ(approving(newId(), paul), "404 order.not_found");
  EXPECT_EQ(approving(held[0].order_id, world.approver), "403 order.own") << "nobody's account";
  EXPECT_EQ(state(held[0]), CommandState::kAwaitingApproval);
}

TEST_F(SecondPersonRule,
       tells_of_an_order_that_waits_whether_ones_role_suffices_where_it_is_to_be_carried_out) {
  const auto held = order(erin, 0, 2);
  const auto other = world.services.places.addClient("Other", world.admin);
  const auto may = [&](const Grants& grants) {
    const Actor actor = person("p" + std::to_string(++ordered), grants, admin);
    const auto page = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.commands().heldOrders(grants.visible(), {10, ""});
    });
    const bool told = world.services.second_person.mayDecide(page.items.at(0), actor);
    const std::string done =
        codeOf([&] { world.services.second_person.decline(held[0].order_id, "looked at it", actor); });
    EXPECT_EQ(done, told ? "done" : "403 role.insufficient");
    return told;
  };
  EXPECT_FALSE(may(Grants({{"viewer", "", ""}, {"admin", other.id, ""}}))) << "elsewhere is not here";
  EXPECT_FALSE(may(Grants::everywhere("technician")));
  EXPECT_TRUE(may(Grants({{"viewer", "", ""}, {"approver", agents[0].client_id, agents[0].site_id}})));
}

TEST_F(SecondPersonRule, whoever_made_the_token_that_ordered_is_its_author) {
  const Actor by_token{"robot", Grants::everywhere("approver"), false, newId(), erin.id};
  const auto held = order(by_token, 0, 2);
  EXPECT_EQ(approving(held[0].order_id, erin), "403 order.own");
  EXPECT_EQ(approving(held[0].order_id, paul), "done");
}

TEST_F(SecondPersonRule, two_accounts_whose_passwords_one_person_may_know_are_not_two_persons_for_a_day) {
  const Actor boss = person("boss", Grants::everywhere("admin"), admin);
  const Actor puppet = person("puppet", Grants::everywhere("approver"), boss);
  const auto by_boss = order(boss, 0, 2);
  EXPECT_EQ(approving(by_boss[0].order_id, puppet), "403 order.not_independent");
  EXPECT_EQ(approving(by_boss[0].order_id, paul), "done");
  const auto by_puppet = order(puppet, 1, 2);
  EXPECT_EQ(approving(by_puppet[0].order_id, boss), "403 order.not_independent");
  EXPECT_EQ(approving(by_puppet[0].order_id, paul), "done");
  world.clock.advance_s(kDay_s + 1);
  world.services.orders.sweep();
  const auto later = order(boss, 0, 2);
  EXPECT_EQ(approving(later[0].order_id, puppet), "done");
  world.services.users.setPassword(puppet.id, "hash", boss);
  world.clock.advance_s(3'601);
  EXPECT_EQ(approving(order(boss, 1, 2)[0].order_id, puppet), "403 order.not_independent");
}

TEST_F(SecondPersonRule, ends_an_order_that_is_declined_and_says_who_and_why) {
  const auto held = order(erin, 0, 2);
  EXPECT_EQ(codeOf([&] { world.services.second_person.decline(held[0].order_id, "no", erin); }),
            "403 order.own");
  EXPECT_EQ(world.services.second_person.decline(held[0].order_id, "not during the day", paul), 2U);
  const auto command = world.command(held[1].id);
  EXPECT_EQ(command.state, CommandState::kCancelled);
  EXPECT_EQ(command.reason.text, "declined by paul: not during the day");
  EXPECT_TRUE(world.services.orders.fetch(agents[1]).empty());
}

TEST_F(SecondPersonRule, ends_an_order_that_nobody_approved_in_a_day) {
  const auto held = order(erin, 0, 2);
  world.clock.advance_s(kDay_s - 1);
  world.services.orders.sweep();
  EXPECT_EQ(state(held[0]), CommandState::kAwaitingApproval);
  world.clock.advance_s(1);
  world.services.orders.sweep();
  EXPECT_EQ(state(held[0]), CommandState::kExpired);
  EXPECT_EQ(world.command(held[0].id).reason.code, "command.not_approved");
  EXPECT_EQ(approving(held[0].order_id, paul), "404 order.not_found");
}

TEST_F(SecondPersonRule, an_order_approved_late_is_valid_as_long_as_one_given_then) {
  const auto held = order(erin, 0, 2);
  world.clock.advance_s(kDay_s - 10);
  ASSERT_EQ(approving(held[0].order_id, paul), "done");
  world.clock.advance_s(3'000);
  world.services.orders.sweep();
  EXPECT_EQ(world.services.orders.fetch(agents[0]).size(), 1U);
}

TEST_F(SecondPersonRule, whoever_ordered_it_can_take_it_back) {
  const auto held = order(erin, 0, 2);
  EXPECT_EQ(world.services.orders.cancel(held[0].id, erin).state, CommandState::kCancelled);
  EXPECT_EQ(world.services.second_person.approve(held[0].order_id, "agreed", paul), 1U);
  EXPECT_EQ(state(held[0]), CommandState::kCancelled);
}

TEST_F(SecondPersonRule, an_agent_cannot_speak_of_an_order_that_it_was_never_handed) {
  const auto held = order(erin, 0, 2);
  world.upload(agents[0],
               {world.stateItem(held[0].id, "accepted"), world.stateItem(held[0].id, "succeeded")});
  EXPECT_EQ(state(held[0]), CommandState::kAwaitingApproval);
}

TEST_F(SecondPersonRule, holds_approved_updates_before_anything_is_planned_and_gives_them_back) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 2; ++i) {
    world.scan(agents[i], {.records = {updateRow({"nginx", "1.1"})}});
    ids.push_back(world.update(agents[i], "nginx", "1.1").id);
  }
  const auto held = world.services.approvals.approve({ids, {}}, erin);
  EXPECT_TRUE(held.awaiting_approval);
  EXPECT_TRUE(world.services.orders.fetch(agents[0]).empty());
  const auto page = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.commands().heldOrders(http::Visible::everything(), {10, ""});
  });
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].agents, 2);
  EXPECT_EQ(page.items[0].actor, "erin");
  EXPECT_EQ(page.items[0].updates, std::vector<std::string>{"nginx 1.1"});
  world.services.second_person.decline(held.approval_id, "not now", paul);
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(world.stateOf(agents[0], "nginx", "1.1"), "available");

  const auto again = world.services.approvals.approve({ids, {}}, erin);
  world.clock.advance_s(kDay_s);
  world.services.orders.sweep();
  ASSERT_TRUE(world.services.settlement.run());
  EXPECT_EQ(world.stateOf(agents[1], "nginx", "1.1"), "available") << "nobody approved it";

  const auto third = world.services.approvals.approve({ids, {}}, erin);
  ASSERT_EQ(approving(third.approval_id, paul), "done");
  EXPECT_EQ(world.services.orders.fetch(agents[0]).size(), 1U);
}

TEST_F(SecondPersonRule, asks_for_more_at_once_and_for_less_a_day_later) {
  auto& rules = world.services.second_person;
  EXPECT_EQ(rules.setRule("high", 1, admin).machines, 1);
  const auto off = rules.setRule("high", 0, admin);
  EXPECT_EQ(off.machines, 1);
  EXPECT_EQ(off.set, 0);
  EXPECT_EQ(off.set_counts_at, world.clock.now + kDay_s * kSecondNs);
  EXPECT_EQ(rules.setRule("high", 0, admin).machines, 1) << "said twice is not said earlier";
  EXPECT_EQ(order(erin, 0, 1)[0].state, CommandState::kAwaitingApproval);
  world.clock.advance_s(kDay_s);
  EXPECT_EQ(rules.rules()[0].machines, 0);
  EXPECT_EQ(order(erin, 1, 1)[0].state, CommandState::kQueued);
  EXPECT_EQ(codeOf([&] { rules.setRule("none", 1, admin); }), "404 second_person.not_found");
}

TEST_F(SecondPersonRule, what_cancels_is_never_held_and_is_not_ordered_by_itself) {
  world.services.second_person.setRule("high", 1, admin);
  const auto held = order(erin, 0, 1);
  ASSERT_EQ(approving(held[0].order_id, paul), "done");
  world.services.orders.fetch(agents[0]);
  world.services.orders.cancel(held[0].id, erin);
  EXPECT_EQ(world.newest("cancel").state, CommandState::kQueued);
  EXPECT_EQ(codeOf([&] {
              world.services.orders.order("cancel", {agents[0].agent_id}, {{"command_id", held[0].id}}, erin);
            }),
            "409 command.not_listed");
}

}  // namespace
}  // namespace redflag::testing
