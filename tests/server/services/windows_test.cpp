#include "services/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "http/message.h"
#include "support/windows.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The world's clock stands at 2023-11-14T22:13:20Z, a Tuesday.
class MaintenanceWindows : public ::testing::Test {
 protected:
  MaintenanceWindows() : agent(world.enrol()) {
    Json status = world.statusItem("alpha", "act");
    Json system = status["plugins"][0];
    system["id"] = "system";
    status["plugins"].push_back(std::move(system));
    world.mustTake(agent, {status});
  }
  services::WindowWish wish(const std::string& name, const std::string& site_id = "") {
    return windowWish(name, agent.client_id, site_id, "23:00", 120);
  }
  static std::string refusal(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }
  std::vector<std::string> seenBy(const Actor& actor) {
    std::vector<std::string> names;
    for (const auto& window : windows.list(actor))
      names.push_back(window.name);
    return names;
  }
  static Actor over(const std::string& role, const std::string& client_id, const std::string& site_id) {
    return {"sam", Grants({{role, client_id, site_id}}), true};
  }
  std::size_t told(const std::string& kind) {
    const auto history = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.events().history(agent.client_id, "", {100, ""}).items;
    });
    return static_cast<std::size_t>(
        std::count_if(history.begin(), history.end(), [&](const auto& entry) { return entry.kind == kind; }));
  }

  World world;
  const store::AgentKey agent;
  services::Windows& windows = world.services.windows;
  const Actor ada{"ada", Grants::everywhere("admin"), true};
};

TEST_F(MaintenanceWindows, are_kept_as_they_were_wished) {
  const auto added = windows.add(wish("Night"), ada);
  const auto listed = windows.list(ada);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, added.id);
  EXPECT_EQ(listed[0].scope.client_name, "Default client");
  EXPECT_EQ(listed[0].rule, R"({"repeat":"daily","time":"23:00"})");
  EXPECT_EQ(listed[0].length_s, 7'200);
  EXPECT_EQ(listed[0].notice_s, 3'600);
  EXPECT_EQ(listed[0].created_by, "ada");
  auto other = wish("Evening");
  other.scope = {};
  windows.change(added.id, other, world.approver);
  EXPECT_EQ(windows.list(ada)[0].name, "Evening");
  EXPECT_EQ(windows.list(ada)[0].scope.client_id, agent.client_id) << "its scope stays";
  EXPECT_EQ(windows.list(ada)[0].changed_by, "erin");
  EXPECT_EQ(told("window.changed"), 1U);
  windows.remove(added.id, ada);
  EXPECT_TRUE(windows.list(ada).empty());
}

TEST_F(MaintenanceWindows, are_an_approvers_over_all_that_they_are_for) {
  const auto other = world.services.places.addSite(agent.client_id, "Other", ada);
  const auto of_site = over("approver", agent.client_id, agent.site_id);
  EXPECT_EQ(refusal([&] { windows.add(wish("A"), of_site); }), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { windows.add(wish("A", other.id), of_site); }), "404 place.not_found");
  EXPECT_EQ(refusal([&] { windows.add(wish("A", agent.site_id), world.technician); }),
            "403 role.insufficient");
  EXPECT_EQ(refusal([&] { windows.add(wish("A", agent.site_id), of_site); }), "done");
  windows.add(wish("B", other.id), ada);
  const auto client = windows.add(wish("C"), ada);
  EXPECT_THAT(seenBy(ada), ElementsAre("A", "B", "C"));
  EXPECT_THAT(seenBy(of_site), ElementsAre("A", "C"));
  EXPECT_THAT(seenBy(over("admin", "elsewhere", "")), ElementsAre());
  EXPECT_EQ(refusal([&] { windows.remove(client.id, of_site); }), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { windows.remove(client.id, over("admin", "elsewhere", "")); }),
            "404 window.not_found");
  EXPECT_EQ(refusal([&] { windows.inForce(agent.site_id, 5, over("viewer", "elsewhere", "")); }),
            "404 site.not_found");
}

TEST_F(MaintenanceWindows, are_refused_when_they_make_no_sense) {
  windows.add(wish("Night"), ada);
  EXPECT_EQ(refusal([&] { windows.add(wish("Night"), ada); }), "409 window.name_taken");
  EXPECT_EQ(refusal([&] { windows.add(wish("Night", agent.site_id), ada); }), "done");
  auto once = wish("Once");
  once.rule.repeat = calendar::Repeat::kOnce;
  once.rule.date = {fromRfc3339("2023-11-13T00:00:00Z").value() / kSecondNs / 60};
  EXPECT_EQ(refusal([&] { windows.add(once, ada); }), "422 window.never");
}

TEST_F(MaintenanceWindows, of_a_site_are_its_own_or_else_its_clients_and_say_which) {
  auto in = windows.inForce(agent.site_id, 5, ada);
  EXPECT_TRUE(in.place.empty());
  windows.add(wish("Night"), ada);
  in = windows.inForce(agent.site_id, 5, ada);
  EXPECT_EQ(in.place.level(), "client");
  ASSERT_EQ(in.next.size(), 5U);
  EXPECT_EQ(toRfc3339(in.next[4].opens_at), "2023-11-18T23:00:00.000Z");
  windows.add(wish("Weekend", agent.site_id), ada);
  in = windows.inForce(agent.site_id, 5, ada);
  EXPECT_EQ(in.place.level(), "site");
  ASSERT_EQ(in.place.at().windows.size(), 1U);
  EXPECT_EQ(in.place.at().windows[0].name, "Weekend");
}

TEST_F(MaintenanceWindows, are_shown_beforehand_by_the_clocks_of_each_site) {
  const auto other = world.services.places.addSite(agent.client_id, "Other", ada);
  world.services.places.setTimeZone(other.id, "Europe/Berlin", ada);
  const auto zones = windows.preview(wish("Night"), 2, ada);
  ASSERT_EQ(zones.size(), 2U);
  EXPECT_EQ(zones[0].time_zone, "Europe/Berlin");
  EXPECT_EQ(toRfc3339(zones[0].next[0].opens_at), "2023-11-14T22:00:00.000Z") << "it is open";
  EXPECT_EQ(zones[1].agents, 1);
  EXPECT_EQ(toRfc3339(zones[1].next[1].closes_at), "2023-11-16T01:00:00.000Z");
  EXPECT_TRUE(windows.list(ada).empty());
}

TEST_F(MaintenanceWindows, are_shown_beforehand_beside_the_site_whose_zone_is_no_longer_known) {
  const auto other = world.services.places.addSite(agent.client_id, "Other", ada);
  world.store.write([&](store::WriteTransaction& tx) { tx.agents().setTimeZone(other.id, "Mars/Olympus"); });
  const auto zones = windows.preview(wish("Night"), 2, ada);
  ASSERT_EQ(zones.size(), 2U);
  EXPECT_TRUE(zones[0].next.empty());
  EXPECT_NE(zones[0].problem.find("Mars/Olympus, the time zone of the site Other"), std::string::npos)
      << zones[0].problem;
  EXPECT_EQ(zones[1].next.size(), 2U);
  EXPECT_EQ(zones[1].problem, "");
}

TEST_F(MaintenanceWindows, are_told_of_once_before_they_open_where_orders_wait) {
  auto late = wish("Night");
  late.notice_s = 600;
  windows.add(late, ada);
  world.services.upkeep.round();
  world.services.orders.order("restart_services", {agent.agent_id}, {{"services", {"a.service"}}}, ada);
  const auto waits = world.services.overview.facts(http::Visible::everything()).windows;
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].agents, 1);
  EXPECT_EQ(waits[0].site_name, "Default site");
  EXPECT_EQ(toRfc3339(waits[0].opens_at), "2023-11-14T23:00:00.000Z");
  EXPECT_TRUE(world.services.overview.facts(http::Visible()).windows.empty());
  world.clock.advance_s(36 * 60);
  world.services.upkeep.round();
  EXPECT_EQ(told("window.opens_soon"), 0U) << "46 minutes before, and 11";
  world.clock.advance_s(60);
  const auto second = world.database.open(world.clock);
  const services::Context context = world.services.context();
  const services::Context other{*second,       context.types, context.signer, context.bundle,
                                context.epoch, context.bell,  world.clock};
  services::Orders orders(other);
  services::Windows there(other, orders);
  std::thread thread([&] { there.announce(); });
  world.services.upkeep.round();
  thread.join();
  world.clock.advance_s(60);
  world.services.upkeep.round();
  EXPECT_EQ(told("window.opens_soon"), 1U) << "by one of two servers";
}

TEST_F(MaintenanceWindows, are_told_of_to_nobody_where_nothing_waits_or_no_notice_is_wished) {
  windows.add(wish("Night"), ada);
  world.services.upkeep.round();
  EXPECT_EQ(told("window.opens_soon"), 0U);
  auto quiet = wish("Quiet", agent.site_id);
  quiet.notice_s = 0;
  windows.add(quiet, ada);
  world.services.orders.order("restart_services", {agent.agent_id}, {{"services", {"a.service"}}}, ada);
  world.clock.advance_s(46 * 60);
  world.services.upkeep.round();
  EXPECT_EQ(told("window.opens_soon"), 0U);
}

TEST_F(MaintenanceWindows, go_with_the_place_that_they_are_for) {
  const auto client = world.services.places.addClient("Short", ada);
  const auto site = world.services.places.addSite(client.id, "Lived", ada);
  windows.add(windowWish("A", client.id, "", "23:00", 60), ada);
  windows.add(windowWish("B", client.id, site.id, "23:00", 60), ada);
  world.services.places.removeSite(site.id, ada);
  EXPECT_THAT(seenBy(ada), ElementsAre("A"));
  world.services.places.removeClient(client.id, ada);
  EXPECT_THAT(seenBy(ada), ElementsAre());
}

TEST_F(MaintenanceWindows, are_hinted_at_where_an_approval_would_wait_for_them) {
  windows.add(wish("Night"), ada);
  world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  const services::Selection selection{{world.update(agent, "nginx", "1.1").id}, {}};
  const auto waits = world.services.approvals.preview(selection, ada).waits;
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].agents, 1);
  EXPECT_THAT(waits[0].window, HasSubstr("\"Night\" of the client Default client"));
  world.clock.advance_s(3'600);
  EXPECT_TRUE(world.services.approvals.preview(selection, ada).waits.empty()) << "it is open";
}

}  // namespace
}  // namespace redflag::testing
