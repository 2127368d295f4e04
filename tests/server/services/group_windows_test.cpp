// Maintenance windows of groups and of single machines, and who may keep them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "http/message.h"
#include "support/counting_store.h"
#include "support/windows.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using store::CommandState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The world's clock stands at 2023-11-14T22:13:20Z, a Tuesday.
class GroupWindows : public ::testing::Test {
 protected:
  GroupWindows() : alpha(enrol("alpha")), beta(enrol("beta")) {}

  store::AgentKey enrol(const std::string& hostname) {
    const auto key = world.enrol(hostname);
    Json status = world.statusItem(hostname, "act");
    Json system = status["plugins"][0];
    system["id"] = "system";
    status["plugins"].push_back(std::move(system));
    world.mustTake(key, {status});
    return key;
  }
  std::string group(const std::string& name, const std::vector<std::string>& agent_ids) {
    return world.services.groups.add({alpha.client_id, name, agent_ids}, ada).group.id;
  }
  void fill(const std::string& group_id, const std::string& name, const std::vector<std::string>& agent_ids) {
    world.services.groups.change(group_id, {"", name, agent_ids}, ada);
  }
  store::MaintenanceWindow window(const std::string& name, const std::string& time,
                                  const store::DecisionScope& scope) {
    auto wish = windowWish(name, "", "", time, 120);
    wish.scope = scope;
    return world.services.windows.add(wish, ada);
  }
  static store::DecisionScope ofGroup(const std::string& id) {
    store::DecisionScope scope;
    scope.group_id = id;
    return scope;
  }
  store::DecisionScope ofClient() const { return {alpha.client_id, "", ""}; }
  static store::DecisionScope ofMachine(const store::AgentKey& agent) { return {"", "", agent.agent_id}; }

  store::Command restart(const store::AgentKey& agent) {
    return world.services.orders
        .order("restart_services", {agent.agent_id}, {{"services", {"a.service"}}}, ada)
        .front();
  }
  // "HH:MM of WINDOW"
  std::string waits(const store::Command& placed) {
    const auto command = world.command(placed.id);
    if (command.state != CommandState::kScheduled) return store::name(command.state);
    return toRfc3339(command.not_before).substr(8, 8) + " for " + command.window;
  }
  static std::string refusal(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }
  static Actor over(const std::string& role, const std::string& client_id, const std::string& site_id) {
    return {"sam", Grants({{role, client_id, site_id}}), true};
  }
  std::vector<std::string> told(const std::string& kind) {
    const auto history = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.events().history(alpha.client_id, "", {100, ""}).items;
    });
    std::vector<std::string> texts;
    for (const auto& entry : history)
      if (entry.kind == kind) texts.push_back(entry.actor + ": " + entry.text);
    return texts;
  }

  World world;
  const store::AgentKey alpha;
  const store::AgentKey beta;
  const Actor ada{"ada", Grants::everywhere("admin"), true};
};

TEST_F(GroupWindows, come_before_those_of_the_site_and_a_machines_own_before_them) {
  window("Night", "23:00", ofClient());
  window("Early", "02:00", {alpha.client_id, alpha.site_id, ""});
  const auto databases = group("Databases", {alpha.agent_id});
  const auto of_group = window("Late", "04:00", ofGroup(databases));
  const auto command = restart(alpha);
  EXPECT_EQ(waits(command), "15T04:00 for the window \"Late\" of the group Databases");
  EXPECT_EQ(waits(restart(beta)), "15T02:00 for the window \"Early\" of the site Default site");
  const auto own = window("Own", "05:00", ofMachine(alpha));
  EXPECT_EQ(waits(command), "15T05:00 for the window \"Own\" of the machine alpha");
  world.services.windows.remove(own.id, ada);
  EXPECT_EQ(waits(command), "15T04:00 for the window \"Late\" of the group Databases");
  world.services.windows.remove(of_group.id, ada);
  EXPECT_EQ(waits(command), "15T02:00 for the window \"Early\" of the site Default site");
}

TEST_F(GroupWindows, of_all_groups_of_a_machine_are_in_force_together_and_each_says_whose_it_is) {
  const auto databases = group("Databases", {alpha.agent_id});
  window("Late", "04:00", ofGroup(databases));
  const auto mail = group("Mail", {alpha.agent_id, beta.agent_id});
  const auto sooner = window("Soon", "23:00", ofGroup(mail));
  group("Without windows", {alpha.agent_id});
  const auto command = restart(alpha);
  EXPECT_EQ(waits(command), "14T23:00 for the window \"Soon\" of the group Mail");
  world.store.read([&](const store::ReadTransaction& tx) {
    const auto place = services::PlaceWindows::of(tx, {alpha.client_id, alpha.site_id, alpha.agent_id});
    EXPECT_EQ(place.level(), "group");
    EXPECT_EQ(place.placeText(), "the groups Databases and Mail");
    const auto spans = place.spansFrom(world.clock.now, 2);
    EXPECT_EQ(place.text(spans.at(1)), "the window \"Late\" of the group Databases");
  });
  world.services.windows.remove(sooner.id, ada);
  EXPECT_EQ(waits(command), "15T04:00 for the window \"Late\" of the group Databases");
}

TEST_F(GroupWindows, hold_whoever_is_in_the_group_now) {
  const auto databases = group("Databases", {});
  window("Late", "04:00", ofGroup(databases));
  const auto command = restart(alpha);
  EXPECT_EQ(waits(command), "queued");
  fill(databases, "Databases", {alpha.agent_id, beta.agent_id});
  EXPECT_EQ(waits(command), "15T04:00 for the window \"Late\" of the group Databases");
  fill(databases, "Stores", {alpha.agent_id});
  world.services.groups.change(databases, {"", "Stores", {}}, ada);
  EXPECT_EQ(world.services.groups.find(databases, ada).members.size(), 1U) << "who is in it stays";
  EXPECT_EQ(waits(command), "15T04:00 for the window \"Late\" of the group Stores");
  world.services.groups.remove(databases, ada);
  EXPECT_EQ(waits(command), "queued");
  EXPECT_THAT(world.services.windows.list(ada), IsEmpty());
  EXPECT_THAT(told("group.changed"),
              ElementsAre("ada: changed the group Stores",
                          "ada: changed the group Databases, now called Stores; without beta",
                          "ada: changed the group Databases; with alpha, beta"));
  EXPECT_THAT(told("group.removed"),
              ElementsAre("ada: removed the group Stores and its windows Late; without alpha"));
}

TEST_F(GroupWindows, are_told_of_beside_those_of_the_site_that_open_at_the_same_time) {
  window("Night", "23:00", ofClient());
  const auto databases = group("Databases", {alpha.agent_id});
  window("Night", "23:00", ofGroup(databases));
  world.services.upkeep.round();
  restart(alpha);
  restart(beta);
  world.clock.advance_s(60);
  world.services.upkeep.round();
  const auto soon = told("window.opens_soon");
  ASSERT_EQ(soon.size(), 2U);
  EXPECT_THAT(soon, ::testing::Contains(HasSubstr("the window \"Night\" of the group Databases opens")));
  world.clock.advance_s(60);
  world.services.upkeep.round();
  EXPECT_EQ(told("window.opens_soon").size(), 2U);
}

TEST_F(GroupWindows, are_shown_beforehand_with_the_machines_that_they_are_for) {
  const auto other = world.services.places.addSite(alpha.client_id, "Other", ada);
  world.services.places.setTimeZone(other.id, "Europe/Berlin", ada);
  world.services.places.move(beta.agent_id, other.id, ada);
  auto wish = windowWish("Night", "", "", "23:00", 120);
  wish.scope = ofGroup(group("Databases", {beta.agent_id}));
  const auto zones = world.services.windows.preview(wish, 1, ada);
  ASSERT_EQ(zones.size(), 1U);
  EXPECT_EQ(zones[0].time_zone, "Europe/Berlin");
  EXPECT_EQ(zones[0].agents, 1);
  wish.scope = ofMachine(alpha);
  EXPECT_EQ(world.services.windows.preview(wish, 1, ada).at(0).time_zone, "UTC");
}

TEST_F(GroupWindows, are_in_force_for_a_machine_and_named_beside_those_of_its_site) {
  const auto other = world.services.places.addSite(alpha.client_id, "Other", ada);
  window("Night", "23:00", ofClient());
  window("Late", "04:00", ofGroup(group("Databases", {alpha.agent_id})));
  window("Own", "05:00", ofMachine(beta));
  services::Windows& windows = world.services.windows;
  const auto names = [](const std::vector<store::MaintenanceWindow>& some) {
    std::vector<std::string> all;
    for (const auto& one : some)
      all.push_back(one.name);
    return all;
  };
  EXPECT_EQ(windows.inForceFor(alpha.agent_id, 1, ada).place.level(), "group");
  EXPECT_THAT(names(windows.inForceFor(alpha.agent_id, 1, ada).place.at().windows), ElementsAre("Late"));
  EXPECT_EQ(windows.inForceFor(beta.agent_id, 1, ada).place.level(), "machine");
  const auto in = windows.inForce(alpha.site_id, 1, ada);
  EXPECT_THAT(names(in.place.at().windows), ElementsAre("Night"));
  EXPECT_THAT(names(in.narrower), ElementsAre("Late", "Own"));
  EXPECT_THAT(windows.inForce(other.id, 1, ada).narrower, IsEmpty()) << "no machine of theirs is there";
  world.services.places.move(beta.agent_id, other.id, ada);
  EXPECT_THAT(names(windows.inForce(other.id, 1, ada).narrower), ElementsAre("Own"));
  const auto elsewhere = over("viewer", alpha.client_id, other.id);
  EXPECT_EQ(refusal([&] { windows.inForceFor(alpha.agent_id, 1, elsewhere); }), "404 agent.not_found");
}

TEST_F(GroupWindows, are_of_groups_that_are_counted_and_named_for_each_client_apart) {
  const auto strange = world.services.places.addClient("Strange", ada);
  const auto add = [&](const std::string& client_id, const std::string& name) {
    return refusal([&] { world.services.groups.add({client_id, name, {}}, ada); });
  };
  for (std::size_t i = 0; i < services::Groups::kMostOfClient; ++i)
    ASSERT_EQ(add(strange.id, "Group " + std::to_string(i)), "done");
  EXPECT_EQ(add(strange.id, "One more"), "409 group.too_many");
  EXPECT_EQ(add(alpha.client_id, "Group 7"), "done");
  EXPECT_EQ(add(alpha.client_id, "Group 7"), "409 group.name_taken");
  const auto theirs = world.services.groups.list(over("viewer", strange.id, "")).at(0).id;
  auto wish = windowWish("Late", alpha.client_id, "", "04:00", 120);
  wish.scope.group_id = theirs;
  EXPECT_EQ(refusal([&] { world.services.windows.add(wish, ada); }), "404 group.not_found")
      << "it is none of this client's";
  const auto ours = over("admin", alpha.client_id, "");
  wish.scope.client_id.clear();
  EXPECT_EQ(refusal([&] { world.services.windows.add(wish, ours); }), "404 group.not_found");
  EXPECT_EQ(refusal([&] { world.services.groups.find(theirs, ours); }), "404 group.not_found");
  EXPECT_EQ(refusal([&] { world.services.groups.remove(theirs, ours); }), "404 group.not_found");
  EXPECT_EQ(refusal([&] { world.services.windows.add(wish, ada); }), "done");
}

TEST_F(GroupWindows, take_as_many_statements_however_many_groups_and_machines_there_are) {
  CountingStore counting(world.database.connect());
  const services::Context& with = world.services.context();
  const services::Context context{counting,   with.types, with.signer, with.bundle,
                                  with.epoch, with.bell,  with.clock};
  services::Orders orders(context);
  const services::Windows windows(context, orders);
  services::Groups groups(context, orders);
  const auto asking = [&](std::size_t there) {
    return counting.statementsOf(
        [&] { EXPECT_EQ(windows.inForce(alpha.site_id, 1, ada).narrower.size(), there); });
  };
  const auto adding = [&](const std::string& name, const std::vector<std::string>& agent_ids) {
    return counting.statementsOf([&] { groups.add({alpha.client_id, name, agent_ids}, ada); });
  };
  window("Own", "05:00", ofMachine(beta));
  window("Late", "04:00", ofGroup(group("Databases", {alpha.agent_id})));
  const std::size_t of_one = asking(2);
  for (int i = 0; i < 10; ++i)
    window("Late", "04:00", ofGroup(group("Mail " + std::to_string(i), {alpha.agent_id, beta.agent_id})));
  EXPECT_EQ(asking(12), of_one);

  restart(alpha);
  const auto announcing = [&] {
    services::Windows fresh(context, orders);
    return counting.statementsOf([&] { fresh.announce(); });
  };
  const std::size_t for_one = announcing();
  for (int i = 0; i < 3; ++i) {
    const auto one = enrol("own-" + std::to_string(i));
    window("Own " + std::to_string(i), "05:00", ofMachine(one));
    restart(one);
  }
  EXPECT_EQ(announcing(), for_one) << "four that wait for different windows";

  std::vector<std::string> many;
  for (int i = 0; i < 16; ++i)
    many.push_back(world.enrol("many-" + std::to_string(i)).agent_id);
  const std::size_t with_one = adding("One", {alpha.agent_id});
  EXPECT_EQ(adding("Many", many), with_one) << "one for each 16";
}

TEST_F(GroupWindows, are_an_approvers_of_the_client_and_seen_by_who_sees_a_machine_of_theirs) {
  const auto other = world.services.places.addSite(alpha.client_id, "Other", ada);
  const auto databases = group("Databases", {alpha.agent_id});
  window("Late", "04:00", ofGroup(databases));
  const auto at_site = over("approver", alpha.client_id, alpha.site_id);
  const auto elsewhere = over("approver", alpha.client_id, other.id);
  EXPECT_EQ(world.services.windows.list(at_site).size(), 1U);
  EXPECT_EQ(world.services.groups.list(at_site).at(0).agents, 1);
  EXPECT_THAT(world.services.windows.list(elsewhere), IsEmpty());
  EXPECT_THAT(world.services.groups.list(elsewhere), IsEmpty());
  auto wish = windowWish("More", "", "", "04:00", 120);
  wish.scope = ofGroup(databases);
  EXPECT_EQ(refusal([&] { world.services.windows.add(wish, at_site); }), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { world.services.windows.add(wish, elsewhere); }), "404 group.not_found");
  EXPECT_EQ(refusal([&] {
              world.services.groups.change(databases, {"", "X", {}}, at_site);
            }),
            "403 role.insufficient");
  EXPECT_EQ(refusal([&] { world.services.groups.find(databases, elsewhere); }), "404 group.not_found");
  EXPECT_EQ(refusal([&] { group("Databases", {}); }), "409 group.name_taken");
  EXPECT_EQ(refusal([&] { group("Strange", {newId()}); }), "404 agent.not_found");
  wish.scope = ofMachine(alpha);
  EXPECT_EQ(refusal([&] { world.services.windows.add(wish, at_site); }), "done");
  EXPECT_EQ(world.services.windows.list(at_site).size(), 2U);
  EXPECT_THAT(world.services.windows.list(elsewhere), IsEmpty());
}

TEST_F(GroupWindows, hold_the_install_of_what_was_approved) {
  window("Late", "04:00", ofGroup(group("Databases", {alpha.agent_id})));
  world.scan(alpha, {.records = {updateRow({"nginx", "1.1"})}});
  const auto outcome = world.services.approvals.approve({{world.update(alpha, "nginx", "1.1").id}, {}}, ada,
                                                        {}, services::Approvals::How::kOrder, "");
  const Json plan = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});
  world.carryOut(alpha, outcome.command_ids.at(0), "succeeded",
                 Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}}));
  EXPECT_EQ(waits(world.newest("install_updates")),
            "15T04:00 for the window \"Late\" of the group Databases");
  EXPECT_EQ(world.update(alpha, "nginx", "1.1").command_window, "the window \"Late\" of the group Databases");
}

TEST_F(GroupWindows, are_hinted_at_where_an_approval_would_wait_for_them) {
  window("Late", "04:00", ofGroup(group("Databases", {alpha.agent_id})));
  for (const auto& agent : {alpha, beta})
    world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
  const services::Selection selection{
      {world.update(alpha, "nginx", "1.1").id, world.update(beta, "nginx", "1.1").id}, {}};
  const auto waits = world.services.approvals.preview(selection, ada).waits;
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].agents, 1);
  EXPECT_EQ(waits[0].window, "the window \"Late\" of the group Databases");
}

}  // namespace
}  // namespace redflag::testing
