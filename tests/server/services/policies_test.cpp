// What policies say, as a table; and what they do, to a fleet.
#include "services/policies.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "services/policy_terms.h"
#include "support/counting_store.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using services::LoadedPolicy;
using services::PolicyLine;
using Kind = services::PolicyVerdict::Kind;

constexpr std::int64_t kHourNs = 3'600 * kSecondNs;

LoadedPolicy policy(const std::string& name, const std::vector<PolicyLine>& lines,
                    const store::DecisionScope& scope = {}) {
  LoadedPolicy one;
  one.policy.id = one.policy.name = name;
  one.policy.scope = scope;
  one.terms.lines = lines;
  return one;
}

const std::vector<PolicyLine> kSecurityDay = {{{"security"}, {}, 24}};
const std::vector<PolicyLine> kOthersWeek = {{{"security"}, {}, 24}, {{}, {}, 168}};

store::UpdateRow row(const std::string& name, const std::string& category, std::int64_t first_seen_h) {
  store::UpdateRow one;
  one.client_id = "client";
  one.site_id = "site";
  one.agent_id = "agent";
  one.manager = "apt";
  one.name = name;
  one.category = category;
  one.severity = "unknown";
  one.first_seen_at = first_seen_h * kHourNs;
  return one;
}

std::string verdict(const std::vector<LoadedPolicy>& policies, const store::UpdateRow& of,
                    std::int64_t now_h) {
  const auto said = services::judge(policies, of, now_h * kHourNs);
  if (said.kind == Kind::kSilent) return "silent";
  const std::string by = said.policy->policy.name;
  if (said.kind == Kind::kExcluded) return by + " excludes";
  if (said.kind == Kind::kApproves) return by + " approves";
  return by + " at " + std::to_string(said.at / kHourNs);
}

TEST(PolicyTerms, count_the_age_of_the_first_line_that_fits) {
  const std::vector<LoadedPolicy> one = {policy("p", kOthersWeek)};
  EXPECT_EQ(verdict(one, row("nginx", "security", 100), 123), "p at 124");
  EXPECT_EQ(verdict(one, row("nginx", "security", 100), 124), "p approves");
  EXPECT_EQ(verdict(one, row("nginx", "bugfix", 100), 124), "p at 268");
  EXPECT_EQ(verdict({policy("p", kSecurityDay)}, row("nginx", "bugfix", 100), 999), "silent");
}

TEST(PolicyTerms, can_ask_for_the_severity) {
  const std::vector<LoadedPolicy> one = {policy("p", {{{"security"}, {"critical", "high"}, 0}})};
  auto grave = row("nginx", "security", 1);
  EXPECT_EQ(verdict(one, grave, 1), "silent") << "unrated is not guessed";
  grave.severity = "high";
  EXPECT_EQ(verdict(one, grave, 1), "p approves");
}

TEST(PolicyTerms, count_from_the_publication_where_it_is_known) {
  auto p = policy("p", kSecurityDay);
  p.terms.age_from_published = true;
  auto known = row("nginx", "security", 100);
  EXPECT_EQ(verdict({p}, known, 101), "p at 124");
  known.published_at = 50 * kHourNs;
  EXPECT_EQ(verdict({p}, known, 101), "p approves");
  known.published_at = INT64_MAX - kHourNs;
  EXPECT_EQ(services::judge({p}, known, 101 * kHourNs).kind, Kind::kWaits) << "and not before its time";
}

TEST(PolicyTerms, know_managers_and_names) {
  auto p = policy("p", kSecurityDay);
  p.terms.managers = {"dnf"};
  EXPECT_EQ(verdict({p}, row("nginx", "security", 1), 99), "silent");
  p.terms.managers = {"dnf", "apt"};
  p.terms.include = {"lib*", "ngin?"};
  EXPECT_EQ(verdict({p}, row("nginx", "security", 1), 99), "p approves");
  EXPECT_EQ(verdict({p}, row("curl", "security", 1), 99), "silent");
  p.terms.exclude = {"nginx"};
  EXPECT_EQ(verdict({p}, row("nginx", "security", 1), 99), "p excludes");
}

TEST(PolicyTerms, the_nearest_scope_that_speaks_decides) {
  const auto everywhere = policy("all", {{{}, {}, 0}});
  const auto client = policy("client", {{{"security"}, {}, 48}}, {"client", "", ""});
  const auto site = policy("site", {{{"security"}, {}, 96}}, {"client", "site", ""});
  const auto elsewhere = policy("elsewhere", {{{}, {}, 0}}, {"client", "other", ""});
  const auto security = row("nginx", "security", 100);
  EXPECT_EQ(verdict({everywhere, client, site, elsewhere}, security, 101), "site at 196");
  EXPECT_EQ(verdict({site, client, everywhere}, security, 101), "site at 196") << "whatever the order";
  EXPECT_EQ(verdict({everywhere, client, elsewhere}, security, 101), "client at 148");
  EXPECT_EQ(verdict({everywhere, client, site}, row("nginx", "bugfix", 100), 101), "all approves");
  auto not_here = policy("not here", kSecurityDay, {"client", "site", ""});
  not_here.terms.exclude = {"*"};
  EXPECT_EQ(verdict({everywhere, not_here}, security, 999), "not here excludes");
  not_here.policy.enabled = false;
  EXPECT_EQ(verdict({everywhere, not_here}, security, 999), "all approves");
}

TEST(PolicyTerms, of_a_group_are_nearer_than_those_of_a_site_and_for_who_is_in_it) {
  store::DecisionScope scope{"client", "", ""};
  scope.group_id = "group";
  const auto site = policy("site", {{{}, {}, 0}}, {"client", "site", ""});
  auto databases = policy("databases", kSecurityDay, scope);
  databases.agent_ids = {"agent"};
  const auto security = row("nginx", "security", 100);
  EXPECT_EQ(verdict({databases, site}, security, 101), "databases at 124");
  EXPECT_EQ(verdict({site, databases}, security, 101), "databases at 124") << "whatever the order";
  EXPECT_EQ(verdict({databases, site}, row("nginx", "bugfix", 100), 101), "site approves");
  auto mail = policy("mail", {{{}, {}, 1}}, scope);
  mail.policy.scope.group_id = "mail";
  mail.agent_ids = {"agent", "other"};
  EXPECT_EQ(verdict({databases, mail}, security, 100), "mail at 101") << "no group is nearer than another";
  databases.agent_ids = {"other"};
  EXPECT_EQ(verdict({databases, site}, security, 101), "site approves");
}

TEST(PolicyTerms, of_two_at_the_same_place_an_exclusion_wins_then_the_earlier) {
  auto late = policy("late", {{{}, {}, 100}});
  const auto early = policy("early", {{{}, {}, 10}});
  const auto one = row("nginx", "bugfix", 0);
  EXPECT_EQ(verdict({late, early}, one, 5), "early at 10");
  EXPECT_EQ(verdict({early, late}, one, 5), "early at 10");
  late.terms.exclude = {"nginx"};
  EXPECT_EQ(verdict({late, early}, one, 50), "late excludes");
  EXPECT_EQ(verdict({early, late}, one, 50), "late excludes");
}

TEST(PolicyTerms, are_read_as_they_are_written) {
  auto p = policy("p", kOthersWeek);
  p.terms.install = p.terms.age_from_published = true;
  p.terms.managers = {"apt"};
  p.terms.include = {"a*"};
  p.terms.exclude = {"ab"};
  const Json json = services::toJson(p.terms);
  JsonReader in(json, "terms");
  const auto again = services::readTerms(in);
  ASSERT_TRUE(in.finish());
  EXPECT_EQ(services::toJson(again), json);
}

TEST(PolicyTerms, name_the_member_that_is_wrong) {
  const auto complaint = [](const std::string& text) {
    const Json json = parseJson(text).value();
    JsonReader in(json, "body");
    services::readTerms(in);
    const auto ok = in.finish();
    return ok ? std::string() : ok.error().text;
  };
  EXPECT_NE(complaint(R"({"action":"maybe","lines":[{"after_hours":1}]})").find("body.action"),
            std::string::npos);
  EXPECT_NE(complaint(R"({"action":"install","lines":[]})").find("body.lines"), std::string::npos);
  EXPECT_NE(complaint(R"({"action":"install","lines":[{"after_hours":-1}]})").find("after_hours"),
            std::string::npos);
  EXPECT_NE(complaint(R"({"action":"install","lines":[{"after_hours":1,"severities":["bad"]}]})")
                .find("severities"),
            std::string::npos);
  EXPECT_NE(complaint(R"({"action":"install","lines":[{"after_hours":1}],"include":[""]})").find("include"),
            std::string::npos);
  EXPECT_EQ(complaint(R"({"action":"install","lines":[{"after_hours":1}]})"), "");
}

class Judging : public ::testing::Test {
 protected:
  Judging() : agent(world.enrol("alpha")), report(world.enrol("viewer", "report")) {
    const std::vector<Json> rows = {
        updateRow({.name = "openssl", .candidate = "3.1", .category = "security", .severity = "high"}),
        updateRow({.name = "nginx", .candidate = "1.1"}),
        updateRow({.name = "held", .candidate = "2", .category = "security", .blocked_by = "held"})};
    world.scan(agent, {.records = rows});
    world.scan(report, {.records = rows});
  }

  LoadedPolicy add(LoadedPolicy one) { return world.services.policies.add(std::move(one), world.admin); }
  void sweepAfter(std::int64_t seconds) {
    world.clock.advance_s(seconds);
    world.services.policies.sweep();
  }
  std::string openssl() { return world.stateOf(agent, "openssl", "3.1"); }

  World world;
  store::AgentKey agent;
  store::AgentKey report;
};

TEST_F(Judging, approves_and_orders_when_it_is_time_and_nothing_else) {
  auto one = policy("security", kSecurityDay);
  one.terms.install = true;
  add(one);
  sweepAfter(60);
  EXPECT_EQ(openssl(), "available");
  sweepAfter(86'400);
  EXPECT_EQ(openssl(), "approved");
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
  EXPECT_EQ(world.stateOf(agent, "held", "2"), "available") << "what the manager holds back stays";
  EXPECT_EQ(world.stateOf(report, "openssl", "3.1"), "available");
  EXPECT_EQ(world.newest("plan_updates").actor, "policy security");
  const auto history = world.history(agent);
  EXPECT_TRUE(std::any_of(history.begin(), history.end(), [](const store::HistoryEntry& entry) {
    return entry.kind == "update.approved" && entry.actor == "policy security";
  }));
}

TEST_F(Judging, only_approves_where_somebody_else_shall_order) {
  add(policy("security", kSecurityDay));
  sweepAfter(2 * 86'400);
  EXPECT_EQ(openssl(), "cleared");
  EXPECT_THROW(world.newest("plan_updates"), std::runtime_error);
  const auto outcome = world.approve({world.update(agent, "openssl", "3.1").id});
  EXPECT_EQ(outcome.approved, 1U);
  EXPECT_EQ(openssl(), "approved");
  EXPECT_EQ(world.newest("plan_updates").actor, "erin");
}

TEST_F(Judging, never_touches_what_is_ignored_until_it_is_lifted) {
  auto one = policy("security", {{{}, {}, 0}});
  one.terms.install = true;
  store::IgnoreRule rule;
  rule.pattern = "openssl";
  rule.reason = "not before the audit";
  const auto ignored = world.services.ignores.add(rule, world.approver);
  add(one);
  sweepAfter(60);
  EXPECT_EQ(openssl(), "ignored");
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "approved");
  world.services.ignores.lift(ignored.id, world.approver);
  sweepAfter(60);
  EXPECT_EQ(openssl(), "approved");
}

TEST_F(Judging, does_not_order_again_what_failed) {
  auto one = policy("all", {{{"security"}, {}, 0}});
  one.terms.install = true;
  add(one);
  sweepAfter(60);
  world.carryOut(agent, world.newest("plan_updates").id, "failed", Json(), "apt.locked",
                 "somebody else has the lock");
  EXPECT_EQ(openssl(), "failed");
  sweepAfter(60);
  EXPECT_EQ(openssl(), "failed");
}

TEST_F(Judging, leaves_to_people_what_somebody_took_back) {
  auto one = policy("all", {{{"security"}, {}, 0}});
  one.terms.install = true;
  add(one);
  sweepAfter(60);
  world.carryOut(agent, world.newest("plan_updates").id, "failed", Json(), "apt.locked", "x");
  ASSERT_EQ(openssl(), "failed");
  const auto id = world.update(agent, "openssl", "3.1").id;
  world.store.write([&](store::WriteTransaction& tx) {
    ASSERT_TRUE(tx.updates().advance(agent, id, store::UpdateState::kFailed, store::UpdateEvent::kRolledBack,
                                     {{"update.rolled_back", "x"}, {}, {}, {}}, world.clock.now));
  });
  ASSERT_EQ(openssl(), "available");
  sweepAfter(60);
  EXPECT_EQ(openssl(), "available");
}

TEST_F(Judging, orders_nothing_that_its_author_may_not_order_alone) {
  world.services.second_person.setRule("high", 1, world.admin);
  auto one = policy("all", {{{"security"}, {}, 0}});
  one.terms.install = true;
  services::Actor author = world.admin;
  author.id = author.author_id = newId();
  world.services.policies.add(one, author);
  sweepAfter(60);
  EXPECT_EQ(world.newest("plan_updates").state, store::CommandState::kAwaitingApproval);
  EXPECT_TRUE(world.services.orders.fetch(agent).empty());
}

TEST_F(Judging, tells_beforehand_what_it_would_approve_now) {
  EXPECT_EQ(world.services.policies.preview(policy("", {{{}, {}, 0}}), world.admin).updates, 2U);
  EXPECT_EQ(world.services.policies.preview(policy("", kSecurityDay), world.admin).updates, 0U);
  world.clock.advance_s(2 * 86'400);
  auto draft = policy("", kSecurityDay);
  draft.policy.id = "";
  EXPECT_EQ(world.services.policies.preview(draft, world.admin).updates, 1U);
  auto nearer = policy("here", kSecurityDay, {agent.client_id, "", ""});
  nearer.terms.exclude = {"*"};
  add(nearer);
  EXPECT_EQ(world.services.policies.preview(draft, world.admin).updates, 0U) << "a nearer one excludes it";
  EXPECT_EQ(openssl(), "available");
}

TEST_F(Judging, is_of_who_is_in_the_group_now) {
  services::Groups& groups = world.services.groups;
  const auto group =
      groups.add({agent.client_id, "Databases", std::vector<std::string>()}, world.admin).group.id;
  auto one = policy("databases", kSecurityDay);
  one.policy.scope.group_id = group;
  add(one);
  const auto listed = world.services.policies.list(world.admin).at(0).policy.scope;
  EXPECT_EQ(listed.client_id, agent.client_id);
  EXPECT_EQ(listed.group_name, "Databases");
  sweepAfter(2 * 86'400);
  EXPECT_EQ(openssl(), "available") << "nobody is in it";
  auto draft = one;
  draft.policy.id = "";
  groups.change(group, {"", "Databases", {{agent.agent_id}}}, world.admin);
  EXPECT_EQ(world.services.policies.preview(draft, world.admin).updates, 0U) << "the other comes before it";
  draft.policy.id = world.services.policies.list(world.admin).at(0).policy.id;
  EXPECT_EQ(world.services.policies.preview(draft, world.admin).updates, 1U);
  sweepAfter(60);
  EXPECT_EQ(openssl(), "cleared");
  groups.remove(group, world.admin);
  EXPECT_TRUE(world.services.policies.list(world.admin).empty());
}

TEST_F(Judging, reads_of_groups_no_more_than_the_machines_that_it_is_asked_about) {
  const std::string client_id = agent.client_id;
  const auto grouped = [&](const std::string& name, const std::vector<std::string>& agent_ids) {
    auto one = policy(name, kSecurityDay);
    one.policy.scope.group_id = world.services.groups.add({client_id, name, agent_ids}, world.admin).group.id;
    add(one);
  };
  CountingStore counting(world.database.connect());
  std::vector<std::set<std::string>> members;
  const auto asking = [&] {
    return counting.statementsOf([&] {
      counting.read([&](const store::ReadTransaction& tx) {
        members.clear();
        for (const auto& one : services::Policies::allFor(tx, {{client_id, agent.agent_id}}))
          members.push_back(one.agent_ids);
      });
    });
  };
  grouped("a", {agent.agent_id, report.agent_id});
  const std::size_t of_one = asking();
  grouped("b", {report.agent_id});
  grouped("c", {agent.agent_id});
  add(policy("d", kSecurityDay));
  EXPECT_EQ(asking(), of_one);
  const std::set<std::string> nobody;
  const std::set<std::string> it = {agent.agent_id};
  EXPECT_EQ(members, (std::vector{it, nobody, it, nobody}));
}

TEST_F(Judging, asks_for_who_is_in_groups_in_one_statement_however_many_there_are) {
  CountingStore counting(world.database.connect());
  const services::Context context = world.services.context();
  const services::Context counted{counting,      context.types, context.signer, context.bundle,
                                  context.epoch, context.bell,  world.clock};
  services::Orders orders(counted);
  services::Approvals approvals(counted, orders);
  services::Policies policies(counted, approvals);
  const auto grouped = [&](const std::string& name) {
    auto one = policy(name, {{{"security"}, {"low"}, 0}});  // not theirs, but only a look can tell
    one.policy.scope.group_id =
        world.services.groups.add({agent.client_id, name, std::vector{agent.agent_id}}, world.admin).group.id;
    add(one);
  };
  const auto sweeping = [&] {
    world.clock.advance_s(60);
    return counting.statementsOf([&] { policies.sweep(); });
  };
  grouped("a");
  const std::size_t of_one = sweeping();
  grouped("b");
  grouped("c");
  EXPECT_EQ(sweeping(), of_one);
}

TEST_F(Judging, has_names_that_other_clients_may_use_and_hear_nothing_of) {
  const auto elsewhere = world.services.places.addClient("Elsewhere", world.admin).id;
  const services::Actor there{"eve", http::Grants({{"admin", elsewhere, ""}})};
  const auto taken = [&](const std::string& name, const store::DecisionScope& scope,
                         const services::Actor& actor) {
    try {
      world.services.policies.add(policy(name, kSecurityDay, scope), actor);
    } catch (const http::Problem& problem) {
      return problem.code == "policy.name_taken";
    }
    return false;
  };
  EXPECT_FALSE(taken("usual", {agent.client_id, agent.site_id, ""}, world.admin));
  EXPECT_FALSE(taken("usual", {elsewhere, "", ""}, there));
  EXPECT_EQ(world.services.policies.list(world.admin).size(), 2U);
  EXPECT_TRUE(taken("usual", {elsewhere, "", ""}, there));
  EXPECT_TRUE(taken("usual", {agent.client_id, "", ""}, world.admin)) << "another place of the client";
  EXPECT_TRUE(taken("usual", {}, world.admin)) << "everybody would see it beside their own";
  EXPECT_FALSE(taken("all", {}, world.admin));
  EXPECT_TRUE(taken("all", {elsewhere, "", ""}, there)) << "which they see";
  auto one = world.services.policies.list(there).at(1);
  ASSERT_EQ(one.policy.scope.client_id, elsewhere);
  one.policy.name = "all";
  EXPECT_THROW(world.services.policies.change(one, there), http::Problem);
}

TEST_F(Judging, is_added_changed_and_removed_by_who_administers_the_place) {
  const auto code = [](const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return problem.code;
    }
    return std::string();
  };
  const auto one = add(policy("first", kSecurityDay));
  EXPECT_EQ(code([&] { add(policy("first", kSecurityDay)); }), "policy.name_taken");
  EXPECT_EQ(code([&] { world.services.policies.add(policy("x", kSecurityDay), world.approver); }),
            "role.insufficient");
  auto changed = one;
  changed.policy.name = "second";
  changed.policy.enabled = false;
  EXPECT_EQ(world.services.policies.change(changed, world.admin).policy.changed_by, "ada");
  EXPECT_FALSE(world.services.policies.list(world.admin).at(0).policy.enabled);
  sweepAfter(9 * 86'400);
  EXPECT_EQ(openssl(), "available") << "a policy that is not enabled does nothing";
  world.services.policies.remove(one.policy.id, world.admin);
  EXPECT_EQ(code([&] { world.services.policies.remove(one.policy.id, world.admin); }), "policy.not_found");
  EXPECT_TRUE(world.services.policies.list(world.admin).empty());
}

}  // namespace
}  // namespace redflag::testing
