// Every count comes from one query a fact: the overview, the lists and the agents' rows must never differ.
#include "services/overview.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support/world.h"

namespace redflag::testing {
namespace {

std::int64_t total(World& world, const store::UpdateFilter& filter) {
  return world.store.read([&](const store::ReadTransaction& tx) {
    return tx.updates()
        .list(filter, http::Visible::everything(), world.services.context().contact(), {1, ""})
        .total;
  });
}

// Some of everything.
void fill(World& world) {
  const auto one = world.enrol("one");
  const auto two = world.enrol("two", "report");
  world.enrol("three");
  for (const auto& agent : {one, two}) {
    world.scan(
        agent,
        {.records = {
             updateRow({"nginx", "1.1"}),
             updateRow({.name = "openssl", .candidate = "3.1", .category = "security", .severity = "high"}),
             updateRow({.name = "sudo", .candidate = "2", .category = "security"}),
             updateRow({.name = "held", .candidate = "4", .blocked_by = "held"})}});
  }
  world.approve({world.update(one, "nginx", "1.1").id});
  world.scan(two, {.records = {updateRow({"nginx", "1.2"})}});
}

TEST(Overview, has_the_same_numbers_as_the_lists) {
  World world;
  fill(world);
  const auto facts = world.services.overview.facts(http::Visible::everything());
  EXPECT_EQ(facts.updates.available, total(world, {}));
  store::UpdateFilter security;
  security.category = "security";
  EXPECT_EQ(facts.updates.security, total(world, security));
  store::UpdateFilter installable;
  installable.installable = true;
  EXPECT_EQ(facts.updates.installable, total(world, installable));
  for (const auto& [state, count] : facts.updates.by_state) {
    store::UpdateFilter filter;
    filter.states = {state};
    EXPECT_EQ(count, total(world, filter)) << store::name(state);
  }
  EXPECT_GT(facts.updates.by_state.at(store::UpdateState::kApproved), 0);
}

TEST(Overview, is_the_sum_of_the_agents_rows_and_of_the_groups) {
  World world;
  fill(world);
  const auto facts = world.services.overview.facts(http::Visible::everything());
  store::UpdateCounts sum;
  std::int64_t in_groups = 0;
  std::int64_t installable_in_groups = 0;
  world.store.read([&](const store::ReadTransaction& tx) {
    const auto agents =
        tx.agents().list({}, http::Visible::everything(), world.services.context().contact(), {500, ""});
    EXPECT_EQ(agents.total, facts.agents.total);
    for (const auto& agent : agents.items) {
      sum.available += agent.updates.available;
      sum.installable += agent.updates.installable;
      sum.security += agent.updates.security;
    }
    for (const auto& group : tx.updates().groups({}, http::Visible::everything(), {500, ""}).items) {
      for (const auto& [state, count] : group.states)
        in_groups += count;
      installable_in_groups += group.installable;
    }
  });
  EXPECT_EQ(sum.available, facts.updates.available);
  EXPECT_EQ(sum.installable, facts.updates.installable);
  EXPECT_EQ(sum.security, facts.updates.security);
  EXPECT_EQ(in_groups, facts.updates.available);
  EXPECT_EQ(installable_in_groups, facts.updates.installable);
}

TEST(Overview, a_groups_approvable_rows_are_those_that_can_be_approved) {
  World world;
  fill(world);
  world.store.read([&](const store::ReadTransaction& tx) {
    for (const auto& group : tx.updates().groups({}, http::Visible::everything(), {500, ""}).items) {
      store::UpdateFilter filter;
      filter.name = group.key.name;
      filter.version = group.key.candidate_version;
      std::int64_t approvable = 0;
      for (const auto& row :
           tx.updates()
               .list(filter, http::Visible::everything(), world.services.context().contact(), {500, ""})
               .items) {
        approvable += services::notApprovable(row) ? 0 : 1;
      }
      EXPECT_EQ(group.approvable, approvable) << group.key.name;
    }
  });
}

TEST(Overview, lists_what_needs_a_person_worst_first_and_nothing_that_is_zero) {
  World world;
  EXPECT_TRUE(world.services.overview.facts(http::Visible::everything()).needs.empty());
  fill(world);
  const auto needs = world.services.overview.facts(http::Visible::everything()).needs;
  ASSERT_FALSE(needs.empty());
  EXPECT_EQ(needs.front().kind, "security_updates");
  EXPECT_EQ(needs.front().severity, "critical");
  for (const auto& need : needs)
    EXPECT_GT(need.count, 0) << need.kind;
}

TEST(Overview, counts_of_what_needs_a_person_are_those_of_the_list_that_is_linked) {
  World world;
  fill(world);
  store::UpdateFilter security;
  security.category = "security";
  const std::map<std::string, std::int64_t> in_lists = {
      {"/updates", total(world, {})}, {"/updates?category=security", total(world, security)}};
  std::size_t compared = 0;
  for (const auto& need : world.services.overview.facts(http::Visible::everything()).needs) {
    EXPECT_EQ(need.text.find_first_of("0123456789"), std::string::npos) << need.text;
    const auto list = in_lists.find(need.link);
    if (list == in_lists.end()) continue;
    EXPECT_EQ(need.count, list->second) << need.link;
    ++compared;
  }
  EXPECT_EQ(compared, in_lists.size());
}

TEST(Overview, counts_machines_where_the_list_shows_machines) {
  World world;
  const auto agent = world.enrol("one");
  world.enrol("two");
  world.store.write([&](store::WriteTransaction& tx) {
    for (const char* plugin : {"apt", "system"}) {
      store::Breaker breaker;
      breaker.plugin = plugin;
      breaker.interface_id = "rf.scanner/1";
      breaker.state = "open";
      tx.agents().setBreaker(agent, breaker);
    }
  });
  const auto facts = world.services.overview.facts(http::Visible::everything());
  EXPECT_EQ(facts.agents.breakers_open, 2);
  const auto need = std::find_if(facts.needs.begin(), facts.needs.end(),
                                 [](const services::Need& each) { return each.kind == "breakers_open"; });
  ASSERT_NE(need, facts.needs.end());
  EXPECT_EQ(need->count, 1);
  world.services.decisions.revoke(agent.agent_id, {"sold", world.admin});
  EXPECT_EQ(world.services.overview.facts(http::Visible::everything()).agents.breakers_open, 0)
      << "nobody can close those of a machine that is gone";
}

// A scan of what a machine that needs a restart, and whose root will be full in so many days, tells.
std::vector<Json> wornOut(double days) {
  const Json fact = {{"record", "fact/1"}, {"scope", "main"}, {"name", "reboot.required"}, {"value", 1}};
  Json available = {{"record", "metric/1"}, {"scope", "main"}, {"label", {"mount=/"}}};
  Json full = available;
  available["name"] = "filesystem_available_bytes";
  available["value"] = 1e9;
  full["name"] = "filesystem_full_in_days";
  full["value"] = days;
  return {fact, available, full};
}

TEST(Overview, leads_to_machines_that_wait_for_a_restart_or_whose_disks_fill) {
  World world;
  for (const auto& [hostname, days] : std::map<std::string, double>{{"one", 2.5}, {"two", 90}, {"gone", 1}}) {
    const auto agent = world.enrol(hostname);
    world.scan(agent, {.records = wornOut(days)});
    if (hostname == "gone") world.services.decisions.revoke(agent.agent_id, {"sold", world.admin});
  }
  world.enrol("quiet");
  std::map<std::string, services::Need> needs;
  const auto facts = world.services.overview.facts(http::Visible::everything());
  for (const auto& need : facts.needs)
    needs[need.kind] = need;
  const auto listed = [&](bool store::AgentFilter::*which) {
    store::AgentFilter filter;
    filter.*which = true;
    return world.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents()
          .list(filter, http::Visible::everything(), world.services.context().contact(), {10, ""})
          .total;
    });
  };
  const auto& filling = needs["disks_filling"];
  EXPECT_EQ(filling.count, 1);
  EXPECT_EQ(filling.count, listed(&store::AgentFilter::disk_filling));
  EXPECT_EQ(filling.severity, "warning");
  EXPECT_EQ(filling.text, "machine has a disk that will be full within 14 days");
  EXPECT_EQ(filling.link, "/agents?disk=filling");
  const auto& pending = needs["reboots_pending"];
  EXPECT_EQ(pending.count, 2);
  EXPECT_EQ(pending.count, listed(&store::AgentFilter::reboot_pending));
  EXPECT_EQ(pending.severity, "info");
  EXPECT_EQ(pending.text, "machines wait for a restart");
  EXPECT_EQ(pending.link, "/agents?reboot=pending");
}

TEST(Presence, silence_is_told_once_and_a_doorbell_is_contact) {
  World world;
  world.services.presence.begin(true);
  const auto agent = world.enrol();
  const auto connection = [&] {
    return world.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents()
          .find(agent.agent_id, http::Visible::everything(), world.services.context().contact())
          ->connection;
    });
  };
  EXPECT_EQ(connection(), "connected");
  world.clock.advance_s(11 * 60);
  EXPECT_EQ(connection(), "silent");
  world.services.presence.announceSilent();
  EXPECT_EQ(world.history(agent).front().kind, "agent.silent");
  const auto entries = world.history(agent).size();
  world.services.presence.announceSilent();
  EXPECT_EQ(world.history(agent).size(), entries);
  world.services.presence.agentConnected(agent.agent_id);
  world.clock.advance_s(3600);
  EXPECT_EQ(connection(), "connected");
  world.services.presence.agentDisconnected(agent.agent_id);
  world.clock.advance_s(11 * 60);
  EXPECT_EQ(connection(), "silent");
}

// Whoever follows a number on the security overview sees exactly those agents.
TEST(Security, each_row_about_agents_leads_to_as_many_as_it_counts) {
  World world;
  for (const char* isolation : {"weak", "weak", "full"}) {
    const auto agent = world.enrol(isolation);
    auto item = world.statusItem(isolation, "act");
    item["isolation"] = isolation;
    item["binding"] = std::string(isolation) == "full" ? "weak" : "machine";
    world.mustTake(agent, {item});
  }
  const auto gone = world.enrol("gone");
  auto item = world.statusItem("gone", "act");
  item["isolation"] = "weak";
  item["binding"] = "weak";
  world.mustTake(gone, {item});
  world.services.decisions.revoke(gone.agent_id, {"sold", world.admin});
  const auto stranger = world.services.enrolment.makeToken(2, 600, "", world.admin);
  world.services.enrolment.enrol({std::string(32, 'k'), "new", "act", "", "", "", ""},
                                 protocol::decodeBundle(stranger.bundle).value().token, "192.0.2.1");

  std::map<std::string, std::int64_t> counts;
  for (const auto& row : world.services.security.facts().rows) {
    if (row.area != "agents") continue;
    store::AgentFilter filter;
    const std::string link = row.link;
    ASSERT_TRUE(link.starts_with("/agents?")) << row.id << ": " << link;
    const std::string name = link.substr(8, link.find('=') - 8);
    const std::string value = link.substr(link.find('=') + 1);
    if (name == "identity") filter.identity = value;
    filter.weakly_isolated = name == "isolation";
    filter.weakly_bound = name == "binding";
    const auto listed = world.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents()
          .list(filter, http::Visible::everything(), world.services.context().contact(), {10, ""})
          .total;
    });
    EXPECT_EQ(listed, row.count) << row.id;
    EXPECT_EQ(row.advice.empty(), row.count == 0) << row.id << ": what helps";
    counts[row.id] = row.count;
  }
  // A machine that has told nothing yet counts as weakly isolated.
  EXPECT_EQ(counts,
            (std::map<std::string, std::int64_t>{
                {"pending", 1}, {"cloned", 0}, {"restored", 0}, {"weak_isolation", 3}, {"weak_binding", 1}}));
}

}  // namespace
}  // namespace redflag::testing
