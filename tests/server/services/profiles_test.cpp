// What profiles wish of a fleet, what its agents tell, and which orders follow.
#include "services/profiles.h"

#include <gtest/gtest.h>

#include <thread>

#include "http/message.h"
#include "store/audit.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using services::Actor;
using services::Drift;

const Json kEvery2h = Json::parse(R"({"schedule":{"every":"2h"}})");
const Json kEvery4h = Json::parse(R"({"schedule":{"every":"4h"}})");

class ProfileWorld : public ::testing::Test {
 protected:
  ProfileWorld() : agent_(enrol("alpha")) { tell(agent_); }

  struct Said {
    std::vector<std::string> may_set = {"schedule", "log"};
    Json every = "6h";
    std::string from = "default";
  };
  void tell(const store::AgentKey& agent, const Said& said) {
    Json status = world_.statusItem(hostnames_[agent.agent_id], "act");
    status["settings"] = {{"may_set", said.may_set},
                          {"plugins", {"apt"}},
                          {"values",
                           {{{"key", "/schedule/every"}, {"from", said.from}, {"value", said.every}},
                            {{"key", "/log/level"}, {"from", "default"}, {"value", "info"}}}}};
    world_.mustTake(agent, {status});
  }
  void tell(const store::AgentKey& agent) { tell(agent, Said{}); }
  store::AgentKey enrol(const std::string& name) {
    const auto agent = world_.enrol(name);
    hostnames_[agent.agent_id] = name;
    return agent;
  }

  store::Profile draft(const store::DecisionScope& scope, const Json& settings) {
    store::Profile one;
    one.name = "Usual";
    one.scope = scope;
    one.settings = dumpJson(settings);
    return one;
  }
  store::Profile add(const store::DecisionScope& scope, const Json& settings) {
    return profiles_.add(draft(scope, settings), world_.admin).profile;
  }
  Actor actor(const std::string& name, const Grants& grants) {
    const auto account = world_.services.users.add("person", name, "hash", grants, world_.admin);
    return {name, grants, true, account.id, account.id};
  }
  std::string group(const std::string& name, const std::vector<std::string>& agent_ids) {
    return world_.services.groups.add({agent_.client_id, name, agent_ids}, world_.admin).group.id;
  }
  static store::DecisionScope ofGroup(const std::string& id) {
    store::DecisionScope scope;
    scope.group_id = id;
    return scope;
  }
  std::string wished(const store::AgentKey& agent) {
    const auto all = profiles_.ofAgent(agent.agent_id, world_.admin).wished;
    const auto found = all.find("/schedule/every");
    if (found == all.end()) return "nothing";
    const auto& [pointer, one] = *found;
    return one.value.get<std::string>() + " of " + one.from.name + " " + one.from.scope.group_name;
  }
  std::vector<store::Command> orders() {
    store::CommandFilter filter;
    filter.type = "configure";
    return world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.commands().list(filter, http::Visible::everything(), {500, ""}).items;
    });
  }
  void sweepAfter(std::int64_t seconds) {
    world_.clock.advance_s(seconds);
    world_.services.profile_keeper.sweep();
  }
  Drift drift(const store::AgentKey& agent) {
    return profiles_.ofAgent(agent.agent_id, world_.admin).judged.at("/schedule/every").drift;
  }
  std::string refusal(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }
  std::vector<store::AuditRecord> audit() {
    return world_.store.read([&](const store::ReadTransaction& tx) {
      store::AuditFilter filter;
      filter.kind = "profile";
      return tx.audit().list(filter, http::Visible::everything(), {100, ""}).items;
    });
  }

  World world_;
  services::Profiles& profiles_ = world_.services.profiles;
  std::map<std::string, std::string> hostnames_;
  store::AgentKey agent_;
};

using GroupProfiles = ProfileWorld;
using ProfileOrders = ProfileWorld;
using ProfileRights = ProfileWorld;
using ProfileViews = ProfileWorld;

TEST_F(ProfileOrders, one_brings_the_agent_to_what_is_wished) {
  add({agent_.client_id, "", ""}, kEvery2h);
  EXPECT_EQ(drift(agent_), Drift::kPending);
  sweepAfter(5);
  ASSERT_EQ(orders().size(), 1U);
  const auto order = orders()[0];
  EXPECT_EQ(order.parameters, R"({"settings":{"schedule":{"every":"2h"}}})");
  EXPECT_EQ(order.actor, "profile Usual");
  for (int i = 0; i < 5; ++i)
    sweepAfter(60);
  EXPECT_EQ(orders().size(), 1U) << "it is under way";
  world_.carryOut(agent_, order.id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_, {{"schedule", "log"}, "2h", "server"});
  sweepAfter(5);
  EXPECT_EQ(drift(agent_), Drift::kAsDesired);
  for (int i = 0; i < 5; ++i)
    sweepAfter(600);
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(ProfileOrders, a_new_agent_gets_its_own_right_after_its_enrolment) {
  add({}, kEvery2h);
  sweepAfter(5);
  const auto beta = enrol("beta");
  sweepAfter(5);
  EXPECT_EQ(orders().size(), 1U) << "an agent that does not tell is asked nothing";
  EXPECT_EQ(drift(beta), Drift::kUnknown);
  tell(beta);
  sweepAfter(1);
  ASSERT_EQ(orders().size(), 2U);
  EXPECT_EQ(world_.newest("configure").hostname, "beta");
}

TEST_F(ProfileOrders, what_is_taken_out_falls_back_to_the_wider_level_and_then_to_the_machines_own) {
  add({agent_.client_id, "", ""}, kEvery4h);
  const auto site = add({agent_.client_id, agent_.site_id, ""}, kEvery2h);
  sweepAfter(5);
  world_.carryOut(agent_, orders()[0].id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_, {{"schedule"}, "2h", "server"});
  sweepAfter(60);
  profiles_.remove(site.id, world_.admin);
  sweepAfter(60);
  ASSERT_EQ(orders().size(), 2U);
  EXPECT_EQ(world_.newest("configure").parameters, R"({"settings":{"schedule":{"every":"4h"}}})");
  world_.carryOut(agent_, world_.newest("configure").id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_, {{"schedule"}, "4h", "server"});
  sweepAfter(60);
  for (const auto& one : profiles_.list(world_.admin))
    profiles_.remove(one.profile.id, world_.admin);
  sweepAfter(60);
  ASSERT_EQ(orders().size(), 3U);
  EXPECT_EQ(world_.newest("configure").parameters, R"({"settings":{"schedule":{"every":null}}})");
  world_.carryOut(agent_, world_.newest("configure").id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_);
  sweepAfter(600);
  EXPECT_EQ(orders().size(), 3U);
}

TEST_F(ProfileOrders, none_is_given_where_the_owner_has_the_word) {
  const auto beta = enrol("beta");
  tell(agent_, {{}, "6h", "default"});
  tell(beta, {{"schedule"}, "9h", "yaml"});
  add({}, kEvery2h);
  for (int i = 0; i < 3; ++i)
    sweepAfter(600);
  EXPECT_TRUE(orders().empty());
  EXPECT_EQ(drift(agent_), Drift::kRefused);
  EXPECT_EQ(drift(beta), Drift::kLocal);
  tell(agent_, {{"schedule"}, "6h", "default"});
  sweepAfter(5);
  EXPECT_EQ(orders().size(), 1U) << "its owner has opened it";
}

TEST_F(ProfileOrders, a_refusal_is_shown_and_not_repeated) {
  add({}, kEvery2h);
  sweepAfter(5);
  world_.carryOut(agent_, orders()[0].id, "refused", Json(), "policy", "not the server's to set");
  for (int i = 0; i < 5; ++i)
    sweepAfter(300);
  EXPECT_EQ(orders().size(), 1U);
  EXPECT_EQ(drift(agent_), Drift::kRefused);
  EXPECT_EQ(profiles_.ofAgent(agent_.agent_id, world_.admin).judged.at("/schedule/every").text,
            "not the server's to set");
}

TEST_F(ProfileOrders, none_waits_for_a_machine_that_is_away) {
  world_.clock.advance_s(3'600);
  add({}, kEvery2h);
  sweepAfter(5);
  EXPECT_TRUE(orders().empty());
  EXPECT_EQ(profiles_.ofAgent(agent_.agent_id, world_.admin).judged.at("/schedule/every").text,
            "the machine is not in contact");
  tell(agent_);
  sweepAfter(5);
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(ProfileOrders, one_that_is_not_wished_any_more_is_withdrawn) {
  const auto profile = add({}, kEvery2h);
  sweepAfter(5);
  auto changed = profile;
  changed.settings = dumpJson(kEvery4h);
  profiles_.change(changed, world_.admin);
  sweepAfter(5);
  ASSERT_EQ(orders().size(), 2U);
  EXPECT_EQ(orders()[1].state, store::CommandState::kCancelled);
  EXPECT_EQ(orders()[1].reason.code, "command.superseded");
  profiles_.remove(profile.id, world_.admin);
  sweepAfter(5);
  EXPECT_EQ(orders()[0].state, store::CommandState::kCancelled);
  EXPECT_EQ(orders().size(), 2U);
}

TEST_F(ProfileOrders, two_servers_at_the_same_moment_give_one) {
  add({}, kEvery2h);
  const auto second = world_.database.open(world_.clock);
  services::Context context = world_.services.context();
  services::Context other{*second,       context.types, context.signer, context.bundle,
                          context.epoch, context.bell,  context.clock};
  services::Orders other_orders(other);
  services::ProfileKeeper other_keeper(other, other_orders);
  std::thread thread([&] { other_keeper.sweep(); });
  world_.services.profile_keeper.sweep();
  thread.join();
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(ProfileOrders, a_machine_that_moves_gets_what_its_new_site_wishes) {
  const auto far = world_.services.places.addSite(agent_.client_id, "Far", world_.admin);
  add({agent_.client_id, far.id, ""}, kEvery2h);
  sweepAfter(5);
  EXPECT_TRUE(orders().empty());
  world_.services.places.move(agent_.agent_id, far.id, world_.admin);
  sweepAfter(5);
  EXPECT_EQ(orders().size(), 1U);
}

TEST_F(ProfileOrders, names_who_answers_for_it) {
  const auto cora = actor("cora", Grants({{"admin", agent_.client_id, ""}}));
  profiles_.add(draft({agent_.client_id, "", ""}, kEvery2h), cora);
  sweepAfter(5);
  ASSERT_EQ(orders().size(), 1U);
  EXPECT_EQ(orders()[0].author_id, cora.id);
  EXPECT_EQ(orders()[0].risk, "low");
}

TEST_F(GroupProfiles, reach_who_comes_into_the_group_and_leave_who_goes) {
  const auto databases = group("Databases", {});
  add({agent_.client_id, agent_.site_id, ""}, Json::parse(R"({"log":{"level":"info"}})"));
  add(ofGroup(databases), kEvery2h);
  sweepAfter(5);
  EXPECT_TRUE(orders().empty());
  EXPECT_EQ(wished(agent_), "nothing");
  world_.services.groups.change(databases, {"", "Databases", {{agent_.agent_id}}}, world_.admin);
  EXPECT_EQ(wished(agent_), "2h of Usual Databases");
  sweepAfter(5);
  ASSERT_EQ(orders().size(), 1U);
  world_.carryOut(agent_, orders()[0].id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_, {{"schedule", "log"}, "2h", "server"});
  sweepAfter(60);
  EXPECT_EQ(orders().size(), 1U);
  world_.services.groups.change(databases, {"", "Databases", std::vector<std::string>()}, world_.admin);
  sweepAfter(60);
  ASSERT_EQ(orders().size(), 2U);
  EXPECT_EQ(world_.newest("configure").parameters, R"({"settings":{"schedule":{"every":null}}})");
}

TEST_F(GroupProfiles, of_a_group_that_is_called_otherwise_may_count_after_anothers) {
  const auto databases = group("Databases", {agent_.agent_id});
  add(ofGroup(group("Mail", {agent_.agent_id})), kEvery4h);
  add(ofGroup(databases), kEvery2h);
  EXPECT_EQ(wished(agent_), "2h of Usual Databases");
  sweepAfter(5);
  world_.carryOut(agent_, orders()[0].id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_, {{"schedule", "log"}, "2h", "server"});
  sweepAfter(60);
  world_.services.groups.change(databases, {"", "Stores", {}}, world_.admin);
  EXPECT_EQ(wished(agent_), "4h of Usual Mail");
  sweepAfter(60);
  ASSERT_EQ(orders().size(), 2U) << "who is in it has not changed, but which counts";
  EXPECT_EQ(world_.newest("configure").parameters, R"({"settings":{"schedule":{"every":"4h"}}})");
}

TEST_F(GroupProfiles, go_with_their_group) {
  const auto databases = group("Databases", {agent_.agent_id});
  add({agent_.client_id, "", ""}, kEvery4h);
  add(ofGroup(databases), kEvery2h);
  sweepAfter(5);
  world_.carryOut(agent_, orders()[0].id, "succeeded", {{{"settings", Json::array()}}});
  tell(agent_, {{"schedule", "log"}, "2h", "server"});
  sweepAfter(60);
  world_.services.groups.remove(databases, world_.admin);
  EXPECT_EQ(wished(agent_), "4h of Usual ");
  EXPECT_EQ(profiles_.list(world_.admin).size(), 1U);
  sweepAfter(60);
  EXPECT_EQ(orders().size(), 2U);
  const auto removed = world_.store.read([&](const store::ReadTransaction& tx) {
    store::AuditFilter filter;
    filter.kind = "group.removed";
    return tx.audit().list(filter, http::Visible::everything(), {1, ""}).items.at(0);
  });
  EXPECT_EQ(removed.text, "removed the group Databases and its profile Usual; without alpha");
}

TEST_F(GroupProfiles, say_what_is_wished_in_the_group_and_whom_a_change_reaches) {
  const auto beta = enrol("beta");
  tell(beta);
  const auto databases = group("Databases", {beta.agent_id});
  add({agent_.client_id, "", ""}, kEvery4h);
  const auto reach = profiles_.preview(draft(ofGroup(databases), kEvery2h), world_.admin);
  EXPECT_EQ(reach.agents, 1);
  add(ofGroup(databases), kEvery2h);
  EXPECT_EQ(refusal([&] { add(ofGroup(databases), kEvery2h); }), "409 profile.there_already");
  const auto at = profiles_.at(ofGroup(databases), world_.admin);
  EXPECT_EQ(at.agents, 1);
  ASSERT_TRUE(at.own);
  EXPECT_EQ(at.wished.at("/schedule/every").value, "2h");
  EXPECT_EQ(at.wished.at("/schedule/every").from.scope.group_name, "Databases");
  EXPECT_EQ(profiles_.at({agent_.client_id, "", ""}, world_.admin).wished.at("/schedule/every").value, "4h");
  EXPECT_EQ(audit()[0].text,
            "added the profile Usual, of the group Databases at Default client: schedule.every set to 2h");
  // Before Databases, by its name: whoever is in both gets its value.
  const auto all = group("All", {agent_.agent_id, beta.agent_id});
  EXPECT_EQ(profiles_.preview(draft(ofGroup(all), kEvery4h), world_.admin).agents, 1)
      << "alpha has it already";
  const auto zoo = group("Zoo", {beta.agent_id});
  EXPECT_EQ(profiles_.preview(draft(ofGroup(zoo), kEvery4h), world_.admin).agents, 0);
}

TEST_F(GroupProfiles, are_an_admins_of_the_client_and_so_are_then_the_groups_machines) {
  const auto far = world_.services.places.addSite(agent_.client_id, "Far", world_.admin);
  const auto databases = group("Databases", {agent_.agent_id});
  const auto approver = actor("erin2", Grants({{"approver", agent_.client_id, ""}}));
  const auto at_site = actor("sam", Grants({{"admin", agent_.client_id, agent_.site_id}}));
  const auto elsewhere = actor("oli", Grants({{"admin", agent_.client_id, far.id}}));
  const auto adding = [&](const Actor& who) {
    return refusal([&] { profiles_.add(draft(ofGroup(databases), kEvery2h), who); });
  };
  const auto filling = [&](const Actor& who) {
    return refusal([&] { world_.services.groups.change(databases, {"", "Databases", {}}, who); });
  };
  EXPECT_EQ(filling(approver), "done");
  EXPECT_EQ(adding(approver), "403 role.insufficient");
  EXPECT_EQ(adding(at_site), "403 role.insufficient");
  EXPECT_EQ(adding(elsewhere), "404 group.not_found");
  EXPECT_EQ(adding(world_.admin), "done");
  EXPECT_EQ(profiles_.list(at_site).size(), 1U) << "a machine of its site is in it";
  EXPECT_TRUE(profiles_.list(elsewhere).empty());
  EXPECT_EQ(filling(approver), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { world_.services.groups.remove(databases, approver); }), "403 role.insufficient");
  EXPECT_EQ(filling(world_.admin), "done");
}

TEST_F(ProfileRights, changing_takes_an_admin_of_all_that_it_is_for) {
  const auto other = world_.services.places.addClient("Other", world_.admin);
  const store::DecisionScope client{agent_.client_id, "", ""};
  const store::DecisionScope site{agent_.client_id, agent_.site_id, ""};
  const store::DecisionScope machine{"", "", agent_.agent_id};
  const auto approver = actor("erin2", Grants({{"approver", agent_.client_id, ""}}));
  const auto of_site = actor("sam", Grants({{"admin", agent_.client_id, agent_.site_id}}));
  const auto of_other = actor("oli", Grants({{"admin", other.id, ""}}));
  const auto adding = [&](const store::DecisionScope& scope, const Actor& who) {
    return refusal([&] { profiles_.add(draft(scope, kEvery2h), who); });
  };
  EXPECT_EQ(adding(client, approver), "403 role.insufficient");
  EXPECT_EQ(adding(client, of_site), "403 role.insufficient");
  EXPECT_EQ(adding({}, of_site), "403 role.insufficient");
  EXPECT_EQ(adding(client, of_other), "404 place.not_found");
  EXPECT_EQ(adding(machine, of_other), "404 agent.not_found");
  EXPECT_EQ(adding(site, of_site), "done");
  EXPECT_EQ(adding(machine, of_site), "done");
  EXPECT_EQ(adding(site, world_.admin), "409 profile.there_already");
  const auto profiles = profiles_.list(of_site);
  ASSERT_EQ(profiles.size(), 2U);
  EXPECT_TRUE(profiles_.list(of_other).empty());
  EXPECT_EQ(refusal([&] { profiles_.remove(profiles[0].profile.id, of_other); }), "404 profile.not_found");
  EXPECT_EQ(refusal([&] { profiles_.remove(profiles[0].profile.id, approver); }), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { profiles_.change(profiles[0].profile, approver); }), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { profiles_.preview(draft(client, kEvery2h), of_site); }), "403 role.insufficient");
  EXPECT_EQ(refusal([&] { profiles_.at(client, of_other); }), "404 place.not_found");
  EXPECT_EQ(refusal([&] { profiles_.ofAgent(agent_.agent_id, of_other); }), "404 agent.not_found");
  EXPECT_EQ(refusal([&] { profiles_.remove(profiles[0].profile.id, of_site); }), "done");
}

TEST_F(ProfileRights, the_audit_log_has_what_was_and_what_is) {
  auto profile = add({agent_.client_id, "", ""}, kEvery2h);
  profile.settings = R"({"schedule":{"every":"4h"},"log":{"level":"debug"}})";
  profiles_.change(profile, world_.admin);
  profiles_.remove(profile.id, world_.admin);
  const auto records = audit();
  ASSERT_EQ(records.size(), 3U);
  const std::string where = "the profile Usual, at Default client: ";
  EXPECT_EQ(records[2].text, "added " + where + "schedule.every set to 2h");
  EXPECT_EQ(records[1].text, "changed " + where + "log.level set to debug; schedule.every 2h -> 4h");
  EXPECT_EQ(records[0].text,
            "removed " + where + "log.level taken out, it was debug; schedule.every taken out, it was 4h");
  EXPECT_EQ(records[0].actor, "ada");
}

TEST_F(ProfileRights, settings_that_no_agent_takes_are_refused_with_the_field) {
  try {
    services::requireSettable(Json::parse(R"({"schedule":{"every":"often"}})"), "/settings");
    ADD_FAILURE();
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.status, 422);
    EXPECT_EQ(problem.field, "/settings/schedule/every");
    EXPECT_EQ(problem.detail, "expected a duration like 90s, 15m, 6h or 2d");
  }
}

TEST_F(ProfileViews, a_place_says_what_is_wished_from_where_and_how_far_it_is_so) {
  const auto beta = enrol("beta");
  tell(beta, {{}, "6h", "default"});
  enrol("gamma");
  add({}, Json::parse(R"({"schedule":{"every":"6h"},"log":{"level":"debug"}})"));
  add({agent_.client_id, "", ""}, kEvery2h);
  const auto at = profiles_.at({agent_.client_id, "", ""}, world_.admin);
  EXPECT_EQ(at.agents, 3);
  ASSERT_TRUE(at.own);
  EXPECT_EQ(at.wished.at("/schedule/every").value, "2h");
  EXPECT_EQ(at.wished.at("/log/level").from.scope.client_id, "");
  EXPECT_EQ(at.by_value.at("/schedule/every"),
            (services::DriftCounts{{Drift::kPending, 1}, {Drift::kRefused, 1}, {Drift::kUnknown, 1}}));
  EXPECT_EQ(at.by_agent,
            (services::DriftCounts{{Drift::kPending, 1}, {Drift::kRefused, 1}, {Drift::kUnknown, 1}}));
  const auto everything = profiles_.at({}, world_.admin);
  EXPECT_EQ(everything.wished.at("/schedule/every").value, "6h");
}

TEST_F(ProfileViews, a_preview_says_how_many_machines_which_values_and_how_many_refuse) {
  const auto beta = enrol("beta");
  tell(beta, {{}, "6h", "default"});
  const auto all = add({}, kEvery4h);
  auto reach = profiles_.preview(draft({agent_.client_id, "", ""}, kEvery2h), world_.admin);
  EXPECT_EQ(reach.agents, 2);
  EXPECT_EQ(reach.refuse, 1);
  EXPECT_EQ(reach.refusing, std::vector<std::string>{"beta"});
  ASSERT_EQ(reach.values.size(), 1U);
  EXPECT_EQ(reach.values[0].before, Json("4h"));
  EXPECT_EQ(reach.values[0].after, Json("2h"));
  EXPECT_EQ(reach.values[0].agents, (services::DriftCounts{{Drift::kPending, 1}, {Drift::kRefused, 1}}));
  EXPECT_EQ(profiles_.list(world_.admin).size(), 1U) << "nothing is saved";
  add({agent_.client_id, "", ""}, kEvery2h);
  auto changed = draft({}, Json::parse(R"({"schedule":{"every":"9h"},"log":{"level":"info"}})"));
  changed.id = all.id;
  reach = profiles_.preview(changed, world_.admin);
  ASSERT_EQ(reach.values.size(), 1U) << "the client has its own interval";
  EXPECT_EQ(reach.values[0].key.to_string(), "/log/level");
  EXPECT_FALSE(reach.values[0].before);
  auto removed = draft({}, Json::object());
  removed.id = all.id;
  EXPECT_EQ(profiles_.preview(removed, world_.admin).agents, 0);
}

TEST_F(ProfileViews, a_status_without_settings_changes_nothing_and_a_bad_one_is_refused) {
  add({}, kEvery2h);
  world_.mustTake(agent_, {world_.statusItem("alpha", "act")});
  EXPECT_EQ(drift(agent_), Drift::kPending) << "what it told before stands";
  for (const char* bad : {R"({"may_set":"all","plugins":[],"values":[]})",
                          R"({"may_set":[],"plugins":[],"values":[{"key":"no pointer","from":"yaml"}]})",
                          R"({"may_set":[],"plugins":[],"values":[{"key":"/a~2","from":"yaml"}]})",
                          R"({"may_set":[],"plugins":[],"values":[{"key":"/a","from":"nowhere"}]})", "7"}) {
    Json status = world_.statusItem("alpha", "act");
    status["settings"] = Json::parse(bad);
    EXPECT_EQ(world_.upload(agent_, {status}).rejected.size(), 1U) << bad;
  }
  Json newer = world_.statusItem("alpha", "act");
  newer["settings"] =
      Json::parse(R"({"may_set":[],"plugins":[],"values":[{"key":"/a","from":"yaml","more":1}],"later":1})");
  world_.mustTake(agent_, {newer});
}

}  // namespace
}  // namespace redflag::testing
