#include "services/schedules.h"

#include <thread>

#include "scheduled.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using services::ScheduleWish;

TEST_F(Scheduled, an_occurrence_becomes_one_command_each_time_it_comes) {
  const auto schedule = schedules_.add(wish(), tess_);
  EXPECT_EQ(toRfc3339(schedule.next_at), "2023-11-14T23:00:00.000Z");
  runAfter_s(40 * 60);
  EXPECT_EQ(commands(), 0U);
  runAfter_s(10 * 60);
  ASSERT_EQ(commands(), 1U);
  runAfter_s(5);
  EXPECT_EQ(commands(), 1U);
  const auto command = world_.newest("scan");
  EXPECT_EQ(command.actor, "tess");
  EXPECT_EQ(toRfc3339(command.expires_at), "2023-11-14T23:08:20.000Z")
      << "a machine that is away is not caught up";
  EXPECT_EQ(world_.history(agent_)[0].text, "ordered: Scan now, by the schedule Nightly");
  ASSERT_EQ(runs(schedule).size(), 1U);
  EXPECT_EQ(runs(schedule)[0].states, (std::map<std::string, std::int64_t>{{"queued", 1}}));
  EXPECT_EQ(command.run_id, runs(schedule)[0].id);
  world_.carryOut(agent_, command.id, "succeeded", {{{"scans", Json::array()}}});
  EXPECT_EQ(runs(schedule)[0].states, (std::map<std::string, std::int64_t>{{"succeeded", 1}}));
  EXPECT_EQ(toRfc3339(schedules_.find(schedule.id, tess_).next_at), "2023-11-15T23:00:00.000Z");
  runAfter_s(kDay);
  EXPECT_EQ(commands(), 2U);
}

TEST_F(Scheduled, each_site_is_asked_at_its_own_time_or_all_at_the_schedules) {
  auto& places = world_.services.places;
  const auto far = places.addSite(agent_.client_id, "Far", world_.admin);
  places.setTimeZone(site_, "Europe/Berlin", world_.admin);
  places.setTimeZone(far.id, "America/New_York", world_.admin);
  const auto other = world_.enrol("beta");
  places.move(other.agent_id, far.id, world_.admin);
  const auto each = schedules_.add(wish({{"repeat", "daily"}, {"time", "00:30"}}), tess_);
  EXPECT_EQ(toRfc3339(each.next_at), "2023-11-14T23:30:00.000Z");
  runAfter_s(80 * 60);
  ASSERT_EQ(runs(each).size(), 1U);
  EXPECT_EQ(runs(each)[0].time_zone, "Europe/Berlin");
  EXPECT_EQ(runs(each)[0].ordered, 1);
  EXPECT_EQ(world_.newest("scan").hostname, "alpha");
  EXPECT_EQ(toRfc3339(schedules_.find(each.id, tess_).next_at), "2023-11-15T05:30:00.000Z");
  runAfter_s(6 * kHour);
  EXPECT_EQ(runs(each)[0].time_zone, "America/New_York");
  EXPECT_EQ(world_.newest("scan").hostname, "beta");
  auto together = wish({{"repeat", "once"}, {"date", "2023-11-15"}, {"time", "15:00"}});
  together.time_zone = "Asia/Tokyo";
  const auto once = schedules_.add(together, tess_);
  runAfter_s(30 * 60);
  ASSERT_EQ(runs(once).size(), 1U);
  EXPECT_EQ(runs(once)[0].due_at, once.next_at);
  EXPECT_EQ(schedules_.find(once.id, tess_).state, "done");
}

TEST_F(Scheduled, a_sites_new_zone_counts_from_then_on) {
  const auto schedule = schedules_.add(wish({{"repeat", "daily"}, {"time", "08:00"}}), tess_);
  world_.services.places.setTimeZone(site_, "Asia/Tokyo", world_.admin);
  EXPECT_EQ(toRfc3339(schedules_.find(schedule.id, tess_).next_at), "2023-11-14T23:00:00.000Z");
  EXPECT_EQ(refusal([&] { world_.services.places.setTimeZone(site_, "Mars/Olympus", world_.admin); }),
            "422 time_zone.unknown /time_zone");
}

TEST_F(Scheduled, two_servers_at_the_same_moment_order_once) {
  const auto schedule = schedules_.add(wish(), tess_);
  for (int i = 0; i < 5; ++i)
    world_.enrol("machine-" + std::to_string(i));
  const auto second = world_.database.open(world_.clock);
  services::Context context = world_.services.context();
  const services::Context other{*second,       context.types, context.signer, context.bundle,
                                context.epoch, context.bell,  world_.clock};
  services::Orders orders(other);
  services::ScheduleRunner runner(other, orders);
  for (int day = 1; day <= 5; ++day) {
    world_.clock.advance_s(day == 1 ? 50 * 60 : kDay);
    world_.services.orders.sweep();
    std::thread there([&] { runner.run(); });
    world_.services.schedule_runner.run();
    there.join();
    ASSERT_EQ(runs(schedule).size(), static_cast<std::size_t>(day));
    EXPECT_EQ(runs(schedule)[0].ordered, 6) << day;
  }
  EXPECT_EQ(commands(), 30U);
}

TEST_F(Scheduled, what_nobody_carried_out_in_time_is_caught_up_within_its_bound_or_missed) {
  const auto skip = schedules_.add(wish(), tess_);
  auto patient = wish();
  patient.catch_up_s = 2 * kHour;
  patient.parameters = {{"purpose", "inventory"}};
  const auto catch_up = schedules_.add(patient, tess_);
  runAfter_s(50 * 60 + kHour);
  EXPECT_EQ(runs(skip)[0].outcome, "missed");
  EXPECT_EQ(runs(skip)[0].reason.code, "schedule.too_late");
  EXPECT_EQ(runs(catch_up)[0].outcome, "ordered");
  EXPECT_EQ(toRfc3339(world_.newest("scan").expires_at), "2023-11-15T01:00:00.000Z");
  // Three days without a server: of what can be caught up only the last.
  runAfter_s(3 * kDay);
  ASSERT_EQ(runs(catch_up).size(), 4U);
  EXPECT_EQ(runs(catch_up)[0].outcome, "ordered");
  EXPECT_EQ(runs(catch_up)[1].reason.code, "schedule.overtaken");
  EXPECT_EQ(runs(catch_up)[2].reason.code, "schedule.overtaken");
  EXPECT_EQ(commands(), 2U);
}

TEST_F(Scheduled, E9_it_goes_on_when_a_clock_that_was_ahead_is_put_right_and_orders_nothing_twice) {
  const auto schedule = schedules_.add(wish(), tess_);
  runAfter_s(50 * 60);
  ASSERT_EQ(commands(), 1U);
  const std::int64_t ahead = 40 * kDay + 2 * kHour;
  world_.clock.turn_s(ahead);
  runAfter_s(0);
  EXPECT_GT(runs(schedule).size(), 1U) << "what that clock took for missed";
  world_.clock.turn_s(-ahead - 20 * 60);
  runAfter_s(0);
  runAfter_s(20 * 60);
  EXPECT_EQ(commands(), 1U) << "it was ordered before";
  EXPECT_EQ(runs(schedule).size(), 1U);
  EXPECT_EQ(toRfc3339(schedules_.find(schedule.id, tess_).next_at), "2023-11-15T23:00:00.000Z");
  runAfter_s(kDay);
  EXPECT_EQ(commands(), 2U);
}

TEST_F(Scheduled, E9_it_goes_on_at_the_next_start_when_the_clock_was_put_right_in_between) {
  const auto schedule = schedules_.add(wish(), tess_);
  world_.clock.turn_s(40 * kDay);
  runAfter_s(3 * kHour);
  world_.clock.turn_s(-40 * kDay);
  services::ScheduleRunner restarted(world_.services.context(), world_.services.orders);
  restarted.run();
  EXPECT_EQ(toRfc3339(schedules_.find(schedule.id, tess_).next_at), "2023-11-15T23:00:00.000Z");
  EXPECT_TRUE(runs(schedule).empty());
}

TEST_F(Scheduled, E9_what_is_for_once_comes_although_a_clock_that_was_ahead_took_it_for_missed) {
  const auto on = [this](const std::string& date) {
    return schedules_.add(wish({{"repeat", "once"}, {"date", date}, {"time", "23:00"}}), tess_);
  };
  const auto over = on("2023-11-14");
  const auto to_come = on("2023-11-15");
  world_.clock.turn_s(3 * kDay);
  runAfter_s(5);
  EXPECT_EQ(schedules_.find(to_come.id, tess_).state, "done");
  world_.clock.turn_s(-3 * kDay);
  runAfter_s(50 * 60);
  EXPECT_EQ(schedules_.find(to_come.id, tess_).state, "active");
  EXPECT_TRUE(runs(to_come).empty());
  EXPECT_EQ(schedules_.find(over.id, tess_).state, "done") << "nobody was there in time";
  EXPECT_EQ(runs(over).size(), 1U);
  runAfter_s(kDay);
  ASSERT_EQ(runs(to_come).size(), 1U);
  EXPECT_EQ(runs(to_come)[0].outcome, "ordered");
  EXPECT_EQ(schedules_.find(to_come.id, tess_).state, "done");
}

TEST_F(Scheduled, E9_what_is_paused_stays_so_and_loses_nothing_to_a_clock_that_was_ahead) {
  const auto schedule = schedules_.add(wish(), tess_);
  world_.clock.turn_s(3 * kDay);
  runAfter_s(5);
  EXPECT_FALSE(runs(schedule).empty());
  schedules_.pause(schedule.id, tess_);
  world_.clock.turn_s(-3 * kDay);
  runAfter_s(5);
  EXPECT_EQ(schedules_.find(schedule.id, tess_).state, "paused");
  schedules_.resume(schedule.id, tess_);
  runAfter_s(50 * 60);
  ASSERT_EQ(runs(schedule).size(), 1U);
  EXPECT_EQ(runs(schedule)[0].outcome, "ordered");
}

TEST_F(Scheduled, a_machine_that_is_away_longer_than_the_bound_is_not_asked_later) {
  schedules_.add(wish(), tess_);
  runAfter_s(50 * 60);
  world_.clock.advance_s(6 * 60);
  world_.services.orders.sweep();
  EXPECT_EQ(world_.newest("scan").state, store::CommandState::kExpired);
  EXPECT_TRUE(world_.services.orders.fetch(agent_).empty());
}

TEST_F(Scheduled, the_authors_rights_are_those_of_the_moment) {
  auto& places = world_.services.places;
  const auto far = places.addSite(agent_.client_id, "Far", world_.admin);
  const auto other = world_.enrol("beta");
  places.move(other.agent_id, far.id, world_.admin);
  const auto schedule = schedules_.add(wish(), tess_);
  auto& users = world_.services.users;
  users.change("person", tess_.id,
               {Grants({{"technician", agent_.client_id, site_}, {"viewer", agent_.client_id, far.id}}), {}},
               world_.admin);
  runAfter_s(50 * 60);
  ASSERT_EQ(runs(schedule).size(), 1U);
  EXPECT_EQ(runs(schedule)[0].ordered, 1);
  EXPECT_EQ(world_.newest("scan").hostname, "alpha");
  EXPECT_NE(runs(schedule)[0].left_out.find("\"beta\""), std::string::npos) << runs(schedule)[0].left_out;
  users.change("person", tess_.id, {{}, true}, world_.admin);
  runAfter_s(kDay);
  EXPECT_EQ(runs(schedule)[0].outcome, "refused");
  EXPECT_EQ(runs(schedule)[0].reason.code, "schedule.author_gone");
  users.remove("person", tess_.id, world_.admin);
  runAfter_s(kDay);
  EXPECT_EQ(runs(schedule)[0].reason.code, "schedule.author_gone");
  EXPECT_EQ(commands(), 1U);
}

TEST_F(Scheduled, who_refuses_or_is_asked_already_is_named_and_the_others_are_asked) {
  world_.enrol("report", "report");
  auto changing = wish();
  changing.type = "refresh";
  changing.parameters = {{"manager", "apt"}};
  const auto schedule = schedules_.add(changing, tess_);
  runAfter_s(50 * 60);
  ASSERT_EQ(runs(schedule)[0].ordered, 1);
  const Json left_out = parseJson(runs(schedule)[0].left_out).value();
  ASSERT_EQ(left_out.size(), 1U) << left_out;
  EXPECT_EQ(left_out[0]["hostname"], "report");
  const auto again = schedules_.add(
      [&] {
        auto same = changing;
        same.rule = ruleFrom({{"repeat", "daily"}, {"time", "23:04"}});
        return same;
      }(),
      tess_);
  runAfter_s(70);
  EXPECT_EQ(runs(again)[0].ordered, 0);
  EXPECT_EQ(parseJson(runs(again)[0].left_out).value()[0]["code"], "command.under_way");
}

TEST_F(Scheduled, what_is_paused_does_not_come_and_not_later_either) {
  const auto schedule = schedules_.add(wish(), tess_);
  EXPECT_EQ(schedules_.pause(schedule.id, tess_).state, "paused");
  runAfter_s(50 * 60);
  const auto resumed = schedules_.resume(schedule.id, tess_);
  EXPECT_EQ(resumed.state, "active");
  EXPECT_EQ(toRfc3339(resumed.next_at), "2023-11-15T23:00:00.000Z");
  runAfter_s(5);
  EXPECT_TRUE(runs(schedule).empty());
  runAfter_s(kDay);
  EXPECT_EQ(runs(schedule).size(), 1U);
}

TEST_F(Scheduled, a_change_of_the_name_does_not_lose_what_is_due_and_one_of_the_rule_does_not_bring_it) {
  const auto schedule = schedules_.add(wish(), tess_);
  world_.clock.advance_s(50 * 60);
  auto renamed = wish();
  renamed.name = "Every night";
  schedules_.change(schedule.id, renamed, tess_);
  runAfter_s(1);
  EXPECT_EQ(runs(schedule).size(), 1U);
  auto earlier = wish({{"repeat", "daily"}, {"time", "23:02"}});
  schedules_.change(schedule.id, earlier, tess_);
  runAfter_s(1);
  EXPECT_EQ(runs(schedule).size(), 1U) << "23:02 was before it was wished";
}

TEST_F(Scheduled, only_who_has_the_role_over_all_of_it_makes_changes_or_removes_one) {
  const auto far = world_.services.places.addSite(agent_.client_id, "Far", world_.admin);
  const Actor of_site = actor("sam", Grants({{"technician", agent_.client_id, site_}}));
  const Actor viewer = actor("vera", Grants({{"viewer", agent_.client_id, ""}}));
  const Actor stranger =
      actor("otto", Grants({{"admin", world_.services.places.addClient("Other", world_.admin).id, ""}}));
  EXPECT_EQ(refusal([&] { schedules_.add(wish(), of_site); }), "403 role.insufficient /scope");
  EXPECT_EQ(refusal([&] { schedules_.add(wish(), stranger); }), "404 client.not_found /scope/client_id");
  auto everything = wish();
  everything.client_id = "";
  EXPECT_EQ(refusal([&] { schedules_.add(everything, of_site); }), "403 role.insufficient /scope");
  auto named = wish();
  named.client_id = "";
  named.agent_ids = {agent_.agent_id};
  EXPECT_EQ(refusal([&] { schedules_.add(named, stranger); }), "404 agent.not_found /scope/agent_ids");
  const auto own = schedules_.add(named, of_site);
  EXPECT_EQ(own.site_id, site_);
  EXPECT_EQ(refusal([&] { schedules_.remove(own.id, viewer); }), "403 role.insufficient ");
  EXPECT_EQ(refusal([&] { schedules_.remove(own.id, stranger); }), "404 schedule.not_found ");
  const auto whole = schedules_.add(wish(), tess_);
  EXPECT_EQ(refusal([&] { schedules_.pause(whole.id, of_site); }), "404 schedule.not_found ");
  EXPECT_EQ(schedules_.list(of_site, {100, ""}).total, 1);
  EXPECT_EQ(schedules_.list(viewer, {100, ""}).total, 2);
  EXPECT_EQ(schedules_.list(stranger, {100, ""}).total, 0);
  schedules_.add(everything, tess_);
  EXPECT_EQ(schedules_.list(viewer, {100, ""}).total, 2);
  EXPECT_EQ(refusal([&] { world_.services.places.removeSite(site_, world_.admin); }), "409 site.not_empty ");
  schedules_.remove(own.id, of_site);
  EXPECT_EQ(schedules_.list(of_site, {100, ""}).total, 0);
}

TEST_F(Scheduled, what_cannot_be_ordered_cannot_be_scheduled) {
  auto approved = wish();
  approved.type = "install_updates";
  EXPECT_EQ(refusal([&] { schedules_.add(approved, world_.admin); }), "409 command.needs_approval /type");
  auto unknown = wish();
  unknown.type = "dance";
  EXPECT_EQ(refusal([&] { schedules_.add(unknown, tess_); }), "404 command_type.not_found /type");
  auto bad = wish();
  bad.parameters = {{"purpose", "fun"}};
  EXPECT_EQ(refusal([&] { schedules_.add(bad, tess_); }), "422 command.bad_parameters /parameters/purpose");
  auto over = wish({{"repeat", "once"}, {"date", "2023-11-14"}, {"time", "22:00"}});
  EXPECT_EQ(refusal([&] { schedules_.add(over, tess_); }), "422 schedule.never /rule/date");
  auto nowhere = wish();
  nowhere.time_zone = "Nowhere/Else";
  EXPECT_EQ(refusal([&] { schedules_.add(nowhere, tess_); }), "422 time_zone.unknown /time_zone");
  auto reboot = wish();
  reboot.type = "reboot";
  EXPECT_EQ(refusal([&] { schedules_.add(reboot, tess_); }), "403 role.insufficient /scope");
  auto proven = actor("petra", Grants::everywhere("approver"));
  EXPECT_EQ(refusal([&] { schedules_.add(reboot, proven); }), "403 session.step_up_required ");
  proven.proven = true;
  const auto made = schedules_.add(reboot, proven);
  EXPECT_EQ(refusal([&] { schedules_.pause(made.id, tess_); }), "403 role.insufficient ");
  EXPECT_EQ(world_.store.read([](const store::ReadTransaction& tx) { return tx.schedules().count(); }), 1);
}

TEST_F(Scheduled, a_preview_tells_the_next_dates_of_each_zone_and_saves_nothing) {
  world_.services.places.setTimeZone(site_, "Europe/Berlin", world_.admin);
  const auto forecast =
      schedules_.preview(wish({{"repeat", "patch_tuesday"}, {"after_days", 2}, {"time", "02:00"}}), 3, tess_);
  ASSERT_EQ(forecast.zones.size(), 1U);
  EXPECT_EQ(forecast.agents, 1);
  std::string texts;
  for (const auto& one : forecast.zones[0].next)
    texts += toText(one.local) + " ";
  EXPECT_EQ(texts, "2023-11-16T02:00 2023-12-14T02:00 2024-01-11T02:00 ");
  EXPECT_EQ(schedules_.list(tess_, {100, ""}).total, 0);
}

TEST_F(Scheduled, runs_are_forgotten_with_the_rest_of_history) {
  const auto schedule = schedules_.add(wish(), tess_);
  runAfter_s(50 * 60);
  ASSERT_EQ(runs(schedule).size(), 1U);
  schedules_.pause(schedule.id, tess_);
  world_.clock.advance_s(91 * kDay);
  world_.services.upkeep.round();
  EXPECT_TRUE(runs(schedule).empty());
}

}  // namespace
}  // namespace redflag::testing
