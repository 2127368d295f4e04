#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "support/counting_store.h"
#include "windowed_orders.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using store::CommandState;
using ::testing::HasSubstr;

TEST_F(WindowedOrders, wait_for_their_window_and_are_signed_until_its_end) {
  night();
  const auto command = restart();
  EXPECT_EQ(command.state, CommandState::kScheduled);
  EXPECT_EQ(window(command), "14T23:00 to 15T01:00");
  EXPECT_EQ(command.window, "the window \"Night\" of the client Default client");
  EXPECT_THAT(world.history(agent)[0].text, HasSubstr("which waits for the window \"Night\""));
  at("14T22:59:59");
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
  EXPECT_TRUE(world.streams.rung.empty());
  at("14T23:00:04");
  EXPECT_EQ(now(command).state, CommandState::kQueued);
  EXPECT_EQ(world.streams.rung.size(), 1U);
  const auto envelope = opened(world.services.orders.fetch(agent).at(0));
  EXPECT_EQ(toRfc3339(envelope.expires_at), "2023-11-15T01:00:00.000Z");
  // A machine whose clock is behind by what it tolerates can accept it at once.
  EXPECT_TRUE(protocol::checkTimes(envelope, world.clock.now - 299 * kSecondNs));
  EXPECT_FALSE(protocol::checkValidity(envelope, envelope.expires_at));
}

TEST_F(WindowedOrders, are_those_that_change_machines_alone) {
  night();
  EXPECT_EQ(world.services.orders.order("scan", {agent.agent_id}, {{"plugins", {"apt"}}}, ada)[0].state,
            CommandState::kQueued);
  EXPECT_EQ(world.services.orders.order("reboot", {agent.agent_id}, Json::object(), ada)[0].state,
            CommandState::kScheduled);
}

TEST_F(WindowedOrders, go_at_once_where_a_window_is_open_or_there_is_none) {
  const auto any_time = restart();
  EXPECT_EQ(any_time.state, CommandState::kQueued);
  EXPECT_EQ(any_time.window, "");
  night();
  at("14T23:30:00");
  const auto inside = restart("b.service");
  EXPECT_EQ(inside.state, CommandState::kQueued);
  EXPECT_EQ(toRfc3339(inside.expires_at), "2023-11-15T00:30:00.000Z") << "as long as its type is valid";
  at("15T00:30:00");
  EXPECT_EQ(now(inside).state, CommandState::kExpired) << "it has missed no window";
  const auto late = restart("c.service");
  EXPECT_EQ(toRfc3339(late.expires_at), "2023-11-15T01:00:00.000Z") << "not past the window's end";
}

TEST_F(WindowedOrders, go_by_the_windows_of_their_site_or_else_of_its_client) {
  night();
  const auto own = night("03:00", agent.site_id);
  const auto command = restart();
  EXPECT_EQ(window(command), "15T03:00 to 15T05:00");
  EXPECT_EQ(command.window, "the window \"Night\" of the site Default site");
  world.services.windows.remove(own.id, ada);
  EXPECT_EQ(window(command), "14T23:00 to 15T01:00");
  world.services.places.setTimeZone(agent.site_id, "America/New_York", ada);
  EXPECT_EQ(window(command), "15T04:00 to 15T06:00") << "by the clocks of the site";
  const auto other = world.services.places.addSite(agent.client_id, "Tokyo", ada);
  world.services.places.setTimeZone(other.id, "Asia/Tokyo", ada);
  world.services.places.move(agent.agent_id, other.id, ada);
  EXPECT_EQ(window(command), "15T14:00 to 15T16:00") << "wherever its machine is";
}

TEST_F(WindowedOrders, follow_their_window_when_it_is_changed_or_removed) {
  const auto id = night().id;
  const auto command = restart();
  auto wish = windowWish("Day", agent.client_id, "", "22:00", 60);
  world.services.windows.change(id, wish, ada);
  EXPECT_EQ(now(command).state, CommandState::kQueued) << "it is open now";
  EXPECT_EQ(world.streams.rung.size(), 1U);
  wish.rule.minute_of_day = 4 * 60;
  world.services.windows.change(id, wish, ada);
  EXPECT_EQ(now(command).state, CommandState::kScheduled) << "nobody has fetched it";
  EXPECT_EQ(window(command), "15T04:00 to 15T05:00");
  EXPECT_EQ(now(command).window, "the window \"Day\" of the client Default client");
  at("15T03:00:00");
  world.services.windows.remove(id, ada);
  EXPECT_EQ(now(command).state, CommandState::kQueued);
  EXPECT_EQ(now(command).window, "");
  EXPECT_EQ(toRfc3339(now(command).expires_at), "2023-11-15T04:00:00.000Z") << "as if it was ordered now";
}

TEST_F(WindowedOrders, of_many_machines_follow_it_in_few_statements) {
  const auto opens = night();
  const auto command = restart();
  world.store.write([&](store::WriteTransaction& tx) {
    store::Command copy = command;
    for (int i = 0; i < 200; ++i) {
      copy.id = copy.dedup_key = newId();
      tx.commands().add(copy, {});
    }
  });
  CountingStore counting(world.database.connect());
  services::Services counted(
      {counting, builtInTypes(), world.signer, nullptr, nullptr, world.bell, world.clock});
  const auto change = [&](const std::string& time) {
    return counting.statementsOf(
        [&] { counted.windows.change(opens.id, windowWish("Night", agent.client_id, "", time, 120), ada); });
  };
  EXPECT_LT(change("22:00"), 100U);
  EXPECT_EQ(now(command).state, CommandState::kQueued);
  EXPECT_EQ(world.streams.rung.size(), 201U);
  EXPECT_LT(change("23:30"), 100U);
  EXPECT_EQ(now(command).state, CommandState::kScheduled);
  EXPECT_EQ(window(command), "14T23:30 to 15T01:30");
}

TEST_F(WindowedOrders, for_later_keep_their_time_however_their_window_is_changed) {
  const auto id = night().id;
  services::Order later{"restart_services", {{"services", {"a.service"}}}, agent.agent_id, "ada"};
  later.not_before = fromRfc3339("2023-11-15T10:00:00Z").value();
  const auto command = world.services.orders.prepare({later}, ada).front().command;
  world.store.write([&](store::WriteTransaction& tx) { world.services.orders.place(tx, {command, {}, {}}); });
  EXPECT_EQ(window(command), "15T23:00 to 16T01:00");
  world.services.windows.change(id, windowWish("Day", agent.client_id, "", "09:00", 180), ada);
  EXPECT_EQ(window(command), "15T10:00 to 15T12:00") << "it is open by then";
  world.services.windows.change(id, windowWish("Day", agent.client_id, "", "22:00", 60), ada);
  EXPECT_EQ(now(command).state, CommandState::kScheduled) << "it is open now";
  EXPECT_EQ(window(command), "15T22:00 to 15T23:00");
  world.services.windows.remove(id, ada);
  EXPECT_EQ(now(command).state, CommandState::kScheduled) << "any time would do";
  EXPECT_EQ(window(command), "15T10:00 to 15T11:00");
  at("15T09:59:59");
  EXPECT_EQ(now(command).state, CommandState::kScheduled);
  at("15T10:00:05");
  EXPECT_EQ(now(command).state, CommandState::kQueued);
}

TEST_F(WindowedOrders, what_was_handed_out_stays_as_it_was_signed) {
  const auto id = night("22:00").id;
  const auto command = restart();
  const auto first = opened(world.services.orders.fetch(agent).at(0));
  world.services.windows.change(id, windowWish("Night", agent.client_id, "", "04:00", 60), ada);
  EXPECT_EQ(now(command).state, CommandState::kDelivered);
  EXPECT_EQ(protocol::identityHash(first),
            protocol::identityHash(opened(world.services.orders.fetch(agent).at(0))));
}

TEST_F(WindowedOrders, are_looked_at_again_right_before_they_are_signed) {
  auto window_ = night("22:00");
  const auto command = restart();
  EXPECT_EQ(command.state, CommandState::kQueued);
  // As it looks to a server that hears of the change only now.
  window_.rule = R"({"repeat":"daily","time":"04:00"})";
  world.store.write([&](store::WriteTransaction& tx) { tx.windows().change(window_); });
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
  EXPECT_EQ(now(command).state, CommandState::kScheduled);
  EXPECT_EQ(window(command), "15T04:00 to 15T06:00");
  window_.rule = R"({"repeat":"daily","time":"22:00"})";
  window_.length_s = 20 * 60;
  world.store.write([&](store::WriteTransaction& tx) { tx.windows().change(window_); });
  const auto again = restart("b.service");
  ASSERT_EQ(again.state, CommandState::kQueued);
  window_.length_s = 15 * 60;
  world.store.write([&](store::WriteTransaction& tx) { tx.windows().change(window_); });
  const auto envelope = opened(world.services.orders.fetch(agent).at(0));
  EXPECT_EQ(toRfc3339(envelope.expires_at), "2023-11-14T22:15:00.000Z");
}

TEST_F(WindowedOrders,
       wait_for_the_next_window_when_their_machine_was_away_and_say_so_until_they_are_given_up) {
  night();
  const auto command = restart();
  EXPECT_EQ(toRfc3339(now(command).gives_up_at), "2023-11-17T01:00:00.000Z") << "three windows";
  at("14T23:00:00");
  at("15T01:00:00");
  EXPECT_EQ(now(command).state, CommandState::kScheduled);
  EXPECT_EQ(now(command).windows_missed, 1);
  EXPECT_EQ(window(command), "15T23:00 to 16T01:00");
  EXPECT_EQ(world.history(agent)[0].kind, "window.missed");
  EXPECT_THAT(world.history(agent)[0].text, HasSubstr("opens at 2023-11-15T23:00:00.000Z"));
  at("15T23:00:00");
  at("16T01:00:00");
  EXPECT_EQ(now(command).windows_missed, 2);
  at("16T23:00:00");
  at("17T01:00:00");
  EXPECT_EQ(now(command).state, CommandState::kExpired);
  EXPECT_EQ(now(command).reason.code, "window.given_up");
}

TEST_F(WindowedOrders, wait_for_more_windows_while_their_type_is_valid) {
  night();
  const auto command = installOf();
  EXPECT_EQ(toRfc3339(command.gives_up_at).substr(0, 16), "2023-11-21T22:13");
  for (int day = 14; day < 19; ++day) {
    at(std::to_string(day) + "T23:00:00");
    at(std::to_string(day + 1) + "T01:00:00");
  }
  EXPECT_EQ(now(command).windows_missed, 5);
  EXPECT_EQ(now(command).state, CommandState::kScheduled);
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "planned");
  EXPECT_EQ(world.update(agent, "nginx", "1.1").command_windows_missed, 5);
}

TEST_F(WindowedOrders, of_which_the_machine_says_that_their_turn_did_not_come_are_passed_on) {
  night();
  const auto command = installOf();
  EXPECT_EQ(command.state, CommandState::kScheduled) << "the plan was not held, the install is";
  at("14T23:00:00");
  ASSERT_EQ(world.services.orders.fetch(agent).size(), 1U);
  world.mustTake(agent, {world.stateItem(command.id, "accepted")});
  at("15T01:30:00");
  world.mustTake(agent, {world.stateItem(command.id, "refused", Json(), "expired", "it waited")});
  world.services.upkeep.round();
  const auto next = world.newest("install_updates");
  EXPECT_NE(next.id, command.id);
  EXPECT_EQ(next.retry_of, command.id);
  EXPECT_EQ(next.state, CommandState::kScheduled);
  EXPECT_EQ(next.windows_missed, 1);
  EXPECT_EQ(next.plan_hash, command.plan_hash);
  EXPECT_EQ(window(next), "15T23:00 to 16T01:00");
  const auto update = world.update(agent, "nginx", "1.1");
  EXPECT_EQ(store::name(update.state), std::string("planned"));
  EXPECT_EQ(update.command_id, next.id);
  at("15T23:00:00");
  Json steps = World::plan({{"upgrade", "nginx", "1.0", "1.1"}})["steps"];
  for (auto& step : steps)
    step["result"] = "done";
  world.carryOut(agent, next.id, "succeeded", Json::array({{{"steps", steps}, {"needs_reboot", false}}}));
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "installed");
  EXPECT_EQ(now(next).state, CommandState::kSucceeded);
}

TEST_F(WindowedOrders, go_to_a_machine_whose_clock_is_ahead_once_in_a_window) {
  night();
  const auto command = restart();
  const auto refused = [&](const store::Command& it) {
    world.mustTake(agent, {world.stateItem(it.id, "refused", Json(), "expired", "the order has expired")});
    world.services.upkeep.round();
    return world.newest("restart_services");
  };
  at("14T23:00:00");
  ASSERT_EQ(world.services.orders.fetch(agent).size(), 1U);
  at("15T00:58:00");
  const auto next = refused(command);
  EXPECT_EQ(next.retry_of, command.id);
  EXPECT_EQ(next.windows_missed, 1);
  EXPECT_EQ(next.state, CommandState::kScheduled);
  EXPECT_EQ(window(next), "15T23:00 to 16T01:00");
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
  at("15T23:00:00");
  ASSERT_EQ(world.services.orders.fetch(agent).size(), 1U);
  // A window that was made longer meanwhile is not the one that the machine took for over.
  world.services.windows.change(world.services.windows.list(ada).at(0).id,
                                windowWish("Night", agent.client_id, "", "23:00", 180), ada);
  at("16T00:58:00");
  const auto queued = refused(next);
  EXPECT_EQ(queued.state, CommandState::kQueued);
  Json told;
  for (const auto& event : world.store.read([](const store::ReadTransaction& tx) {
         return tx.events().after(0, 1'000, http::Visible::everything());
       }))
    if (event.type == "command") told = parseJson(event.data).value();
  EXPECT_EQ(told["command_id"], queued.id);
  EXPECT_EQ(told["state"], "queued");
}

TEST_F(WindowedOrders, are_passed_on_once_however_many_servers_have_seen_how_they_ended) {
  night();
  const auto command = restart();
  at("14T23:00:00");
  ASSERT_EQ(world.services.orders.fetch(agent).size(), 1U);
  world.mustTake(agent, {world.stateItem(command.id, "refused", Json(), "expired", "it waited")});
  const auto refused = now(command);
  EXPECT_TRUE(world.services.orders.passOn(refused));
  const auto next = world.newest("restart_services");
  EXPECT_EQ(next.retry_of, command.id);
  world.services.orders.cancel(next.id, ada);
  world.clock.advance_s(1);
  EXPECT_TRUE(world.services.orders.passOn(refused)) << "another server has done it";
  EXPECT_EQ(world.newest("restart_services").id, next.id);
}

TEST_F(WindowedOrders,
       that_were_handed_out_without_a_word_come_again_so_that_the_machine_says_what_became_of_them) {
  night();
  const auto command = restart();
  at("14T23:00:00");
  const auto first = opened(world.services.orders.fetch(agent).at(0));
  at("15T02:00:00");
  EXPECT_EQ(now(command).state, CommandState::kDelivered);
  const auto again = world.services.orders.fetch(agent);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(protocol::identityHash(opened(again[0])), protocol::identityHash(first));
  EXPECT_FALSE(protocol::checkTimes(opened(again[0]), world.clock.now));
  world.mustTake(agent, {{{"kind", "refusal"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"command_id", command.id},
                          {"code", "expired"},
                          {"text", "the order has expired"},
                          {"by", "kernel"}}});
  world.services.upkeep.round();
  EXPECT_EQ(world.newest("restart_services").retry_of, command.id);
  EXPECT_EQ(world.newest("restart_services").state, CommandState::kScheduled);
}

TEST_F(WindowedOrders, that_a_machine_refuses_for_another_reason_are_refused) {
  night("22:00");
  const auto command = restart();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {world.stateItem(command.id, "accepted")});
  world.mustTake(agent, {world.stateItem(command.id, "refused", Json(), "policy", "not here")});
  world.services.upkeep.round();
  EXPECT_EQ(world.newest("restart_services").id, command.id);
}

TEST_F(WindowedOrders, go_outside_of_their_window_with_a_reason_a_proof_and_the_role) {
  night();
  const auto command = restart();
  auto& orders = world.services.orders;
  const auto outside = [&](const Actor& actor) {
    return refusal([&] { orders.runOutside(command.id, "the shop is closed today", actor); });
  };
  EXPECT_EQ(outside({"ada", Grants::everywhere("admin"), false}), "403 session.step_up_required");
  EXPECT_EQ(outside({"tom", Grants::everywhere("technician"), true}), "403 command.forbidden");
  EXPECT_EQ(outside({"eve", Grants({{"admin", "elsewhere", ""}}), true}), "404 command.not_found");
  EXPECT_EQ(outside(ada), "done");
  EXPECT_EQ(now(command).state, CommandState::kQueued);
  EXPECT_EQ(now(command).outside_reason, "the shop is closed today");
  EXPECT_EQ(toRfc3339(now(command).expires_at), "2023-11-14T23:13:20.000Z");
  EXPECT_EQ(world.history(agent)[0].kind, "command.outside_window");
  EXPECT_EQ(world.history(agent)[0].actor, "ada");
  EXPECT_EQ(outside(ada), "409 command.waits_for_no_window");
  EXPECT_EQ(orders.fetch(agent).size(), 1U);
}

TEST_F(WindowedOrders, are_given_outside_of_any_window_with_a_reason_a_proof_and_the_role) {
  night();
  EXPECT_EQ(restart("a.service", "it hangs").state, CommandState::kQueued);
  EXPECT_THAT(world.history(agent)[0].text, HasSubstr("outside of any window: it hangs"));
  const auto order = [&](const Actor& actor) {
    return refusal([&] {
      world.services.orders.order("scan", {agent.agent_id}, {{"plugins", {"apt"}}}, actor, {}, "now");
    });
  };
  EXPECT_EQ(order({"ada", Grants::everywhere("admin"), false}), "403 session.step_up_required");
  EXPECT_EQ(order({"tom", Grants::everywhere("technician"), true}), "403 command.forbidden");
  const auto install = installOf("an exploit is out");
  EXPECT_EQ(install.state, CommandState::kQueued) << "what follows the plan goes as it was approved";
  EXPECT_EQ(install.outside_reason, "an exploit is out");
}

TEST_F(WindowedOrders, that_a_second_person_approves_wait_as_well) {
  night();
  world.services.second_person.setRule("high", 1, ada);
  const Actor erin = person("erin");
  const Actor paul = person("paul");
  const auto order = [&](const std::string& unit, const std::string& outside) {
    return world.services.orders
        .order("restart_services", {agent.agent_id}, {{"services", {unit}}}, erin, {}, outside)
        .front();
  };
  const auto held = order("a.service", "");
  EXPECT_EQ(held.state, CommandState::kAwaitingApproval);
  world.services.second_person.approve(held.order_id, "agreed", paul);
  EXPECT_EQ(now(held).state, CommandState::kScheduled);
  EXPECT_EQ(window(held), "14T23:00 to 15T01:00");
  const auto urgent = order("b.service", "it hangs");
  EXPECT_EQ(world.store.read([](const store::ReadTransaction& tx) {
    return tx.commands().heldOrders(http::Visible::everything(), {10, ""}).items.at(0).outside_reason;
  }),
            "it hangs");
  world.services.second_person.approve(urgent.order_id, "agreed", paul);
  EXPECT_EQ(now(urgent).state, CommandState::kQueued);
}

TEST_F(WindowedOrders, of_a_policy_that_installs_at_once_wait_as_well) {
  night();
  services::LoadedPolicy policy;
  policy.policy.name = "All";
  policy.terms.install = true;
  policy.terms.lines = {{}};
  world.services.policies.add(policy, ada);
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  world.clock.advance_s(60);
  world.services.upkeep.round();
  EXPECT_EQ(planned(world.newest("plan_updates").id).state, CommandState::kScheduled);
}

TEST_F(WindowedOrders, of_a_schedule_wait_for_one_window_because_it_comes_again_by_itself) {
  night();
  const auto account =
      world.services.users.add("person", "tess", "hash", Grants::everywhere("admin"), world.admin);
  services::ScheduleWish wish;
  wish.name = "Weekly";
  wish.type = "restart_services";
  wish.parameters = {{"services", {"a.service"}}};
  wish.client_id = agent.client_id;
  wish.rule.minute_of_day = 22 * 60 + 30;
  const Actor tess{"tess", account.grants, true, account.id, account.id};
  const auto forecast = world.services.schedules.preview(wish, 3, tess);
  ASSERT_EQ(forecast.waits.size(), 1U);
  EXPECT_EQ(forecast.waits[0].agents, 1);
  EXPECT_EQ(toRfc3339(forecast.waits[0].opens_at), "2023-11-14T23:00:00.000Z");
  const auto schedule = world.services.schedules.add(wish, tess);
  at("14T22:31:00");
  const auto command = world.newest("restart_services");
  EXPECT_EQ(command.state, CommandState::kScheduled);
  EXPECT_EQ(window(command), "14T23:00 to 15T01:00");
  world.services.schedules.remove(schedule.id, tess);
  at("14T23:00:00");
  at("15T01:00:00");
  EXPECT_EQ(now(command).state, CommandState::kExpired);
  EXPECT_EQ(now(command).reason.code, "window.given_up");
}

TEST_F(WindowedOrders, of_a_schedule_may_be_approved_by_a_second_person_until_their_window_is_over) {
  night();
  world.services.second_person.setRule("high", 1, ada);
  services::ScheduleWish wish;
  wish.name = "Weekly";
  wish.type = "restart_services";
  wish.parameters = {{"services", {"a.service"}}};
  wish.client_id = agent.client_id;
  wish.rule.minute_of_day = 22 * 60 + 30;
  world.services.schedules.add(wish, person("erin"));
  at("14T22:31:00");
  const auto command = world.newest("restart_services");
  EXPECT_EQ(command.state, CommandState::kAwaitingApproval);
  EXPECT_EQ(toRfc3339(command.expires_at), "2023-11-15T01:00:00.000Z")
      << "it would have waited for the window anyway";
  at("14T23:50:00");
  world.services.second_person.approve(command.order_id, "agreed", person("paul"));
  EXPECT_EQ(now(command).state, CommandState::kQueued);
  EXPECT_EQ(toRfc3339(now(command).expires_at), "2023-11-15T00:50:00.000Z") << "as long as its type is valid";
}

TEST_F(WindowedOrders, of_windows_that_never_open_again_end_with_their_types_validity) {
  auto wish = windowWish("Once", agent.client_id, "", "23:00", 60);
  wish.rule.repeat = calendar::Repeat::kOnce;
  wish.rule.date = {fromRfc3339("2023-11-14T00:00:00Z").value() / kSecondNs / 60};
  world.services.windows.add(wish, ada);
  at("15T10:00:00");
  const auto command = restart();
  EXPECT_EQ(command.state, CommandState::kScheduled);
  EXPECT_EQ(command.window, "a window: none of the client Default client opens again");
  at("15T11:00:00");
  EXPECT_EQ(now(command).state, CommandState::kExpired);
  EXPECT_EQ(now(command).reason.code, "window.none");
}

TEST_F(WindowedOrders, are_released_once_by_two_servers_at_the_same_moment) {
  night();
  std::vector<store::Command> commands;
  for (int i = 0; i < 20; ++i)
    commands.push_back(restart("unit-" + std::to_string(i) + ".service"));
  const auto second = world.database.open(world.clock);
  const services::Context context = world.services.context();
  const services::Context other{*second,       context.types, context.signer, context.bundle,
                                context.epoch, context.bell,  world.clock};
  services::Orders there(other);
  for (const char* time : {"14T23:00:00", "15T01:00:00"}) {
    world.clock.now = fromRfc3339(std::string("2023-11-") + time + "Z").value();
    std::thread thread([&] { there.sweep(); });
    world.services.orders.sweep();
    thread.join();
  }
  for (const auto& command : commands) {
    EXPECT_EQ(now(command).state, CommandState::kScheduled);
    EXPECT_EQ(now(command).windows_missed, 1);
    const auto transitions = world.store.read(
        [&](const store::ReadTransaction& tx) { return tx.commands().transitions(command); });
    EXPECT_EQ(transitions.size(), 3U) << "ordered, queued, and back";
  }
  const auto history = world.history(agent);
  EXPECT_EQ(std::count_if(history.begin(), history.end(),
                          [](const auto& entry) { return entry.kind == "window.missed"; }),
            20);
}

}  // namespace
}  // namespace redflag::testing
