// A profile that was damaged in the database: people see it and can remove it, and nothing is done by it.
#include <gtest/gtest.h>

#include "services/profiles.h"
#include "store/audit.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

class UnreadableProfiles : public ::testing::Test {
 protected:
  UnreadableProfiles() : alpha_(world_.enrol("alpha")), beta_(world_.enrol("beta")) {
    tell(alpha_, "alpha", "6h", "default");
    tell(beta_, "beta", "6h", "default");
  }

  void tell(const store::AgentKey& agent, const std::string& hostname, const char* every, const char* from) {
    Json status = world_.statusItem(hostname, "act");
    status["settings"] = {{"may_set", {"schedule"}},
                          {"plugins", {"apt"}},
                          {"values", {{{"key", "/schedule/every"}, {"from", from}, {"value", every}}}}};
    world_.mustTake(agent, {status});
  }
  static store::Profile profileWith(const store::DecisionScope& scope, const std::string& settings) {
    store::Profile one;
    one.id = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
    one.name = "Usual";
    one.scope = scope;
    one.settings = settings;
    return one;
  }
  // How many orders there are by now.
  std::size_t sweep() {
    world_.clock.advance_s(60);
    world_.services.profile_keeper.sweep();
    return world_.store.read([&](const store::ReadTransaction& tx) {
      store::CommandFilter filter;
      filter.type = "configure";
      return tx.commands().list(filter, http::Visible::everything(), {500, ""}).items.size();
    });
  }

  World world_;
  services::Profiles& profiles_ = world_.services.profiles;
  store::AgentKey alpha_;
  store::AgentKey beta_;
};

TEST_F(UnreadableProfiles, one_is_listed_with_what_is_wrong_and_can_be_removed) {
  for (const char* settings : {"{\"log\":", "[1]", "7", ""}) {
    const auto damaged = profileWith({alpha_.client_id, "", ""}, settings);
    world_.store.write([&](store::WriteTransaction& tx) { tx.profiles().add(damaged); });
    const auto listed = profiles_.list(world_.admin);
    ASSERT_EQ(listed.size(), 1U) << settings;
    EXPECT_TRUE(listed[0].problem.starts_with("its settings cannot be read: ")) << listed[0].problem;
    EXPECT_TRUE(profiles_.at(damaged.scope, world_.admin).wished.empty());
    EXPECT_EQ(profiles_.preview(damaged, world_.admin).agents, 0);
    profiles_.remove(damaged.id, world_.admin);
    EXPECT_TRUE(profiles_.list(world_.admin).empty()) << settings;
  }
  world_.store.read([&](const store::ReadTransaction& tx) {
    store::AuditFilter filter;
    filter.kind = "profile";
    const auto told = tx.audit().list(filter, http::Visible::everything(), {100, ""}).items;
    ASSERT_EQ(told.size(), 4U);
    EXPECT_NE(told[0].text.find("cannot be read"), std::string::npos) << told[0].text;
  });
}

TEST_F(UnreadableProfiles, one_can_be_changed_into_one_that_is_in_order) {
  auto profile = profileWith({}, "{");
  world_.store.write([&](store::WriteTransaction& tx) { tx.profiles().add(profile); });
  EXPECT_EQ(sweep(), 0U);
  profile.settings = R"({"schedule":{"every":"2h"}})";
  EXPECT_EQ(profiles_.change(profile, world_.admin).problem, "");
  EXPECT_EQ(sweep(), 2U) << "and is carried out at once";
}

TEST_F(UnreadableProfiles, one_keeps_no_machine_but_its_own_from_what_is_wished) {
  profiles_.add(profileWith({}, R"({"schedule":{"every":"2h"}})"), world_.admin);
  const auto damaged = profileWith({alpha_.client_id, "", alpha_.agent_id}, "{");
  world_.store.write([&](store::WriteTransaction& tx) { tx.profiles().add(damaged); });
  EXPECT_EQ(sweep(), 1U);
  EXPECT_EQ(world_.newest("configure").agent_id, beta_.agent_id);
  EXPECT_EQ(profiles_.ofAgent(alpha_.agent_id, world_.admin).judged.at("/schedule/every").text,
            "the profile Usual: " + profiles_.list(world_.admin).back().problem);
  profiles_.remove(damaged.id, world_.admin);
  EXPECT_EQ(sweep(), 2U);
}

TEST_F(UnreadableProfiles, one_takes_no_value_back) {
  auto profile = profiles_.add(profileWith({}, R"({"schedule":{"every":"2h"}})"), world_.admin).profile;
  EXPECT_EQ(sweep(), 2U);
  for (const auto& [agent, hostname] : {std::pair(alpha_, "alpha"), std::pair(beta_, "beta")}) {
    store::CommandFilter filter;
    filter.type = "configure";
    filter.agent_id = agent.agent_id;
    const auto order = world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.commands().list(filter, http::Visible::everything(), {1, ""}).items.at(0);
    });
    world_.carryOut(agent, order.id, "succeeded", {{{"settings", Json::array()}}});
    tell(agent, hostname, "2h", "server");
  }
  EXPECT_EQ(sweep(), 2U);
  profile.settings = "{";
  world_.store.write([&](store::WriteTransaction& tx) {
    tx.profiles().change(profile);
    tx.profiles().lookAgain({});
  });
  EXPECT_EQ(sweep(), 2U);
  profiles_.remove(profile.id, world_.admin);
  EXPECT_EQ(sweep(), 4U) << "a person does";
}

}  // namespace
}  // namespace redflag::testing
