#include "store/profiles.h"

#include <gtest/gtest.h>

#include "http/message.h"
#include "store/groups.h"
#include "support/database.h"

namespace redflag::store {
namespace {

class ProfileStore : public ::testing::Test {
 protected:
  ProfileStore() {
    store_.write([&](WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}, {"far", "Far"}}}, 1);
      tx.agents().addClient({"other", "Other", {{"away", "Away"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      one_ = enrol(tx, 'a', "one");
      two_ = enrol(tx, 'b', "Two");
    });
  }
  static AgentKey enrol(WriteTransaction& tx, char key, const std::string& hostname) {
    return tx.agents()
        .enrol({std::string(32, key), hostname, "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10)
        .agent;
  }
  static Profile profile(const std::string& id, const DecisionScope& scope) {
    Profile one;
    one.id = one.name = id;
    one.scope = scope;
    one.settings = R"({"log":{"level":"debug"}})";
    one.created_at = one.changed_at = 5;
    one.created_by = one.changed_by = "ada";
    return one;
  }
  static std::vector<std::string> ids(const std::vector<Profile>& profiles) {
    std::vector<std::string> out;
    for (const auto& one : profiles)
      out.push_back(one.id);
    return out;
  }
  std::vector<AgentSettings> agents(const DecisionScope& scope = {}) {
    return store_.read([&](const ReadTransaction& tx) {
      return tx.profiles().agents(scope, http::Visible::everything(), {100, 50});
    });
  }
  std::vector<AgentSettings> due(std::int64_t now) {
    return store_.read([&](const ReadTransaction& tx) { return tx.profiles().due({now, 50}, 10); });
  }
  void report(const AgentKey& agent, const std::string& text, std::int64_t now) {
    store_.write([&](WriteTransaction& tx) {
      tx.profiles().setReport(agent, text, now);
      tx.agents().touch(agent, now);
    });
  }

  testing::TestDatabase database_;
  const std::unique_ptr<Store> opened_ = database_.open();
  Store& store_ = *opened_;
  AgentKey one_;
  AgentKey two_;
};

TEST_F(ProfileStore, keeps_one_a_place_and_lists_the_widest_first) {
  store_.write([&](WriteTransaction& tx) {
    tx.profiles().add(profile("agent", {"client", "", one_.agent_id}));
    tx.profiles().add(profile("site", {"client", "site", ""}));
    tx.profiles().add(profile("client", {"client", "", ""}));
    tx.profiles().add(profile("other", {"other", "", ""}));
    tx.profiles().add(profile("all", {}));
  });
  EXPECT_THROW(store_.write([&](WriteTransaction& tx) {
    tx.profiles().add(profile("again", {"client", "site", ""}));
  }),
               http::Problem);
  store_.read([&](const ReadTransaction& tx) {
    EXPECT_EQ(ids(tx.profiles().list(http::Visible::everything())),
              (std::vector<std::string>{"all", "client", "other", "site", "agent"}));
    EXPECT_EQ(ids(tx.profiles().at("client")), (std::vector<std::string>{"all", "client", "site", "agent"}));
    const auto visible = http::Visible::of({{"viewer", "client", "far"}});
    EXPECT_EQ(ids(tx.profiles().list(visible)), (std::vector<std::string>{"all", "client"}));
    EXPECT_FALSE(tx.profiles().find("site", visible));
    const auto agent = tx.profiles().find("agent", http::Visible::everything());
    ASSERT_TRUE(agent);
    EXPECT_EQ(agent->scope.hostname, "one");
    EXPECT_EQ(agent->scope.client_name, "Client");
  });
}

TEST_F(ProfileStore, knows_those_of_groups_and_who_is_in_one) {
  DecisionScope scope{"client", "", ""};
  scope.group_id = "group";
  const auto of_far = http::Visible::of({{"viewer", "client", "far"}});
  store_.write([&](WriteTransaction& tx) {
    AgentGroup group;
    group.id = "group";
    group.client_id = "client";
    group.name = "Databases";
    tx.groups().add(group);
    tx.groups().setMembers(group, {two_.agent_id});
    tx.profiles().add(profile("client", {"client", "", ""}));
    tx.profiles().add(profile("agent", {"client", "", one_.agent_id}));
    tx.profiles().add(profile("databases", scope));
    tx.profiles().add(profile("site", {"client", "site", ""}));
  });
  store_.read([&](const ReadTransaction& tx) {
    EXPECT_EQ(ids(tx.profiles().at("client")),
              (std::vector<std::string>{"client", "site", "databases", "agent"}));
    EXPECT_EQ(tx.profiles().find("databases", http::Visible::everything()).value().scope.group_name,
              "Databases");
    EXPECT_EQ(ids(tx.profiles().list(of_far)), std::vector<std::string>{"client"}) << "no machine of theirs";
  });
  ASSERT_EQ(agents().size(), 2U);
  EXPECT_TRUE(agents()[0].group_ids.empty());
  EXPECT_EQ(agents()[1].group_ids, std::vector<std::string>{"group"});
  ASSERT_EQ(agents(scope).size(), 1U);
  EXPECT_EQ(agents(scope)[0].hostname, "Two");
  store_.read([&](const ReadTransaction& tx) {
    EXPECT_TRUE(tx.groups().of("client", one_.agent_id).empty());
    ASSERT_EQ(tx.groups().of("client", two_.agent_id).size(), 1U);
    EXPECT_EQ(tx.groups().of("client", two_.agent_id)[0].name, "Databases");
  });
  store_.write([&](WriteTransaction& tx) { tx.agents().move(two_, "far"); });
  store_.read([&](const ReadTransaction& tx) {
    EXPECT_EQ(ids(tx.profiles().list(of_far)), (std::vector<std::string>{"client", "databases"}));
  });
  store_.write([&](WriteTransaction& tx) {
    AgentGroup group;
    group.id = "group";
    group.client_id = "client";
    tx.groups().remove(group);
    EXPECT_FALSE(tx.profiles().find("databases", http::Visible::everything()));
    EXPECT_TRUE(tx.profiles().find("site", http::Visible::everything()));
  });
}

TEST_F(ProfileStore, changes_and_forgets_them_with_their_place) {
  store_.write([&](WriteTransaction& tx) {
    tx.profiles().add(profile("site", {"client", "far", ""}));
    Profile changed = profile("site", {"client", "far", ""});
    changed.name = "New";
    changed.settings = "{}";
    changed.author_id = "author";
    tx.profiles().change(changed);
    const auto found = tx.profiles().find("site", http::Visible::everything());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name + found->settings + found->author_id, "New{}author");
    tx.agents().removeSite("client", "far");
    EXPECT_FALSE(tx.profiles().find("site", http::Visible::everything()));
    tx.profiles().add(profile("all", {}));
    tx.profiles().remove(profile("all", {}));
    EXPECT_TRUE(tx.profiles().list(http::Visible::everything()).empty());
  });
}

TEST_F(ProfileStore, knows_agents_that_never_told_anything) {
  const auto rows = agents();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].hostname, "one");
  EXPECT_EQ(rows[1].hostname, "Two") << "whatever the case";
  EXPECT_EQ(rows[0].report, "");
  EXPECT_EQ(rows[0].work.managed, "[]");
  EXPECT_EQ(rows[0].connection, "never");
  EXPECT_EQ(agents({"client", "far", ""}).size(), 0U);
  EXPECT_EQ(agents({"client", "", two_.agent_id}).size(), 1U);
  EXPECT_TRUE(due(100).empty());
}

TEST_F(ProfileStore, looks_at_an_agent_when_it_tells_something_new) {
  report(one_, "{}", 100);
  ASSERT_EQ(due(100).size(), 1U);
  EXPECT_TRUE(due(200).empty()) << "it is out of contact";
  SettingsWork work;
  work.look_at = SettingsWork::kNever;
  work.managed = R"(["/log/level"])";
  work.wish = "wish";
  work.command_id = "command";
  work.author_id = "author";
  work.ordered_at = 7;
  work.tries = 2;
  work.given_up = true;
  work.note = "note";
  const auto read = due(100).at(0);
  EXPECT_TRUE(store_.write([&](WriteTransaction& tx) { return tx.profiles().setWork(read, work); }));
  EXPECT_TRUE(due(100).empty());
  const SettingsWork kept = agents()[0].work;
  EXPECT_EQ(kept.managed + kept.wish + kept.command_id + kept.author_id + kept.note,
            R"(["/log/level"]wishcommandauthornote)");
  EXPECT_EQ(kept.ordered_at + kept.tries, 9);
  EXPECT_TRUE(kept.given_up);
  report(one_, "{}", 110);
  EXPECT_TRUE(due(110).empty()) << "the same is nothing new";
  EXPECT_EQ(agents()[0].reported_at, 100);
  report(one_, R"({"a":1})", 120);
  EXPECT_EQ(due(120).size(), 1U);
}

TEST_F(ProfileStore, stores_no_work_on_what_has_changed_meanwhile) {
  report(one_, "{}", 100);
  const auto read = due(100).at(0);
  report(one_, R"({"a":1})", 101);
  SettingsWork work;
  work.look_at = SettingsWork::kNever;
  EXPECT_FALSE(store_.write([&](WriteTransaction& tx) { return tx.profiles().setWork(read, work); }));
  EXPECT_EQ(due(101).size(), 1U);
}

TEST_F(ProfileStore, looks_again_at_whatever_a_profile_is_for) {
  report(one_, "{}", 100);
  report(two_, "{}", 100);
  SettingsWork work;
  work.look_at = SettingsWork::kNever;
  work.given_up = true;
  for (const auto& row : due(100))
    store_.write([&](WriteTransaction& tx) { tx.profiles().setWork(row, work); });
  EXPECT_TRUE(due(100).empty());
  store_.write([&](WriteTransaction& tx) { tx.profiles().lookAgain({"client", "far", ""}); });
  EXPECT_TRUE(due(100).empty());
  store_.write([&](WriteTransaction& tx) { tx.profiles().lookAgain({"client", "", two_.agent_id}); });
  ASSERT_EQ(due(100).size(), 1U);
  EXPECT_EQ(due(100)[0].hostname, "Two");
  EXPECT_FALSE(due(100)[0].work.given_up);
  store_.write([&](WriteTransaction& tx) { tx.profiles().lookAgain({}); });
  EXPECT_EQ(due(100).size(), 2U);
  for (const auto& row : due(100))
    store_.write([&](WriteTransaction& tx) { tx.profiles().setWork(row, work); });
  store_.write([&](WriteTransaction& tx) {
    AgentGroup group;
    group.id = group.name = "group";
    group.client_id = "client";
    tx.groups().add(group);
    tx.groups().setMembers(group, {one_.agent_id});
    DecisionScope scope{"client", "", ""};
    scope.group_id = "group";
    tx.profiles().lookAgain(scope);
  });
  ASSERT_EQ(due(100).size(), 1U);
  EXPECT_EQ(due(100)[0].hostname, "one");
}

}  // namespace
}  // namespace redflag::store
