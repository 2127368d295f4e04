// What is read of many rows at once, on both engines: in few statements, and as if each were asked for alone.
#include <algorithm>
#include <set>

#include "many_rows.h"
#include "store/groups.h"
#include "store/windows.h"

namespace redflag::testing {
namespace {

TEST_F(ManyRows, of_commands_are_found_each_as_if_it_were_asked_for_alone) {
  constexpr std::size_t kCommands = 150;
  std::vector<store::NewCommand> all;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kCommands; ++i) {
    all.push_back({command(agents_[i % 2], "key-" + std::to_string(i)), {}});
    all.back().command.parameters = R"({"number":)" + std::to_string(i) + "}";
    ids.push_back(all.back().command.id);
  }
  const std::string long_results(8'388'609, 'x');  // longer than lists show
  store_.write([&](store::WriteTransaction& tx) {
    tx.agents().move(agents_[1], "other");
    tx.commands().addAll(all);
    tx.commands().setResults(all[2].command, long_results);
  });
  ids.push_back("nobody");
  ids.push_back(ids[3]);
  std::reverse(ids.begin(), ids.end());
  for (const auto& visible :
       {http::Visible::everything(), http::Grants({{"viewer", "client", "site"}}).visible(),
        http::Grants({{"viewer", "elsewhere", ""}}).visible()}) {
    read([&](const store::ReadTransaction& tx) {
      std::vector<std::optional<store::Command>> found;
      EXPECT_LE(store_.statementsOf([&] { found = tx.commands().findAll(ids, visible); }), 5U)
          << "64 twice, 16, and 4 twice";
      ASSERT_EQ(found.size(), ids.size());
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto alone = tx.commands().find(ids[i], visible);
        ASSERT_EQ(found[i].has_value(), alone.has_value()) << i;
        if (!alone) continue;
        EXPECT_EQ(found[i]->id, ids[i]);
        EXPECT_EQ(found[i]->site_id, alone->site_id);
        EXPECT_EQ(found[i]->hostname, alone->hostname);
        EXPECT_EQ(found[i]->parameters, alone->parameters);
        EXPECT_EQ(found[i]->results.size(), alone->results.size());
      }
      EXPECT_TRUE(tx.commands().findAll({}, visible).empty());
    });
  }
  read([&](const store::ReadTransaction& tx) {
    const auto found = tx.commands().findAll(ids, http::Grants({{"viewer", "client", "site"}}).visible());
    const auto seen =
        std::count_if(found.begin(), found.end(), [](const auto& one) { return one.has_value(); });
    EXPECT_EQ(seen, 75) << "what is of the other site is not, the one named twice among it";
    const auto long_one = tx.commands().findAll({all[2].command.id}, http::Visible::everything()).at(0);
    EXPECT_EQ(long_one.value().results.size(), long_results.size());
  });
}

TEST_F(ManyRows, of_machines_have_the_keys_that_each_has_alone) {
  std::set<std::string> ids = {"nobody"};
  store_.write([&](store::WriteTransaction& tx) {
    tx.agents().handOverKey(agents_[0], sha256("another"), 500);
    tx.agents().setStanding(agents_[1], {"restored", "why", 20, "line", 7});
    for (int i = 0; i < 70; ++i) {
      const std::string host = "host-" + std::to_string(i);
      ids.insert(tx.agents()
                     .enrol({sha256(host), host, "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10)
                     .agent.agent_id);
    }
  });
  for (const AgentKey& agent : agents_)
    ids.insert(agent.agent_id);
  read([&](const store::ReadTransaction& tx) {
    std::map<std::string, AgentKey> found;
    EXPECT_LE(store_.statementsOf([&] { found = tx.agents().keys(ids); }), 4U) << "64, 4 twice, and one";
    ASSERT_EQ(found.size(), 72U) << "one is not there";
    for (const auto& [id, key] : found) {
      const auto alone = tx.agents().key(id).value();
      EXPECT_EQ(key.agent_id, id);
      EXPECT_EQ(key.client_id, alone.client_id);
      EXPECT_EQ(key.site_id, alone.site_id);
      EXPECT_EQ(key.public_key, alone.public_key);
      EXPECT_EQ(key.old_key, alone.old_key);
      EXPECT_EQ(key.old_key_until, alone.old_key_until);
      EXPECT_EQ(key.standing.state, alone.standing.state);
      EXPECT_EQ(key.standing.number, alone.standing.number);
    }
    EXPECT_EQ(found[agents_[1].agent_id].standing.state, "restored");
    EXPECT_TRUE(tx.agents().keys({}).empty());
  });
}

TEST_F(ManyRows, of_machines_are_found_with_what_works_there_as_far_as_they_are_visible) {
  store_.write([&](store::WriteTransaction& tx) {
    store::AgentStatus status;
    status.hostname = "alpha";
    status.mode = "act";
    status.isolation = "weak";
    status.config_state = "ok";
    status.plugins = {{"winget", "", "1", {}, "ok", ""},
                      {"apt", "", "1", {}, "ok", ""},
                      {"dnf", "", "1", {}, "not_applicable", ""}};
    tx.agents().setStatus(agents_[0], status);
    tx.agents().move(agents_[1], "other");
  });
  const std::set<std::string> all = {agents_[0].agent_id, agents_[1].agent_id, "nobody"};
  read([&](const store::ReadTransaction& tx) {
    auto found = tx.agents().recipients(all, http::Visible::everything());
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[agents_[0].agent_id].plugins, (std::vector<std::string>{"apt", "winget"}));
    EXPECT_EQ(found[agents_[0].agent_id].hostname, "alpha");
    EXPECT_EQ(found[agents_[0].agent_id].mode, "act");
    EXPECT_EQ(found[agents_[1].agent_id].site_id, "other");
    EXPECT_TRUE(found[agents_[1].agent_id].plugins.empty());
    found = tx.agents().recipients(all, http::Grants({{"viewer", "client", "site"}}).visible());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found.contains(agents_[0].agent_id));
    EXPECT_TRUE(tx.agents().recipients({}, http::Visible::everything()).empty());
  });
}

TEST_F(ManyRows, of_windows_are_those_in_force_at_each_of_many_sites) {
  store_.write([&](store::WriteTransaction& tx) {
    store::MaintenanceWindow window;
    window.rule = "{}";
    window.length_s = 60;
    for (const auto& [id, site] : std::map<std::string, std::string>{{"all", ""}, {"own", "other"}}) {
      window.id = window.name = id;
      window.scope.client_id = "client";
      window.scope.site_id = site;
      tx.windows().add(window);
    }
  });
  read([&](const store::ReadTransaction& tx) {
    auto at = tx.windows().at({{"client", "site"}, {"client", "other"}, {"client", "nowhere"}});
    ASSERT_EQ(at.size(), 2U);
    ASSERT_EQ((at[{"client", "site"}].windows.size()), 1U);
    EXPECT_EQ((at[{"client", "site"}].windows[0].id), "all");
    ASSERT_EQ((at[{"client", "other"}].windows.size()), 1U);
    EXPECT_EQ((at[{"client", "other"}].windows[0].id), "own");
    EXPECT_EQ((at[{"client", "other"}].site_name), "Other");
  });
}

TEST_F(ManyRows, of_windows_are_a_machines_own_or_else_those_of_all_its_groups) {
  store_.write([&](store::WriteTransaction& tx) {
    store::AgentGroup group;
    group.client_id = "client";
    for (const char* id : {"one", "two"}) {
      group.id = group.name = id;
      tx.groups().add(group);
      tx.groups().setMembers(group, {agents_[0].agent_id, agents_[1].agent_id});
    }
    store::MaintenanceWindow window;
    window.rule = "{}";
    window.length_s = 60;
    window.scope.client_id = "client";
    for (const char* id : {"one", "two"}) {
      window.id = window.name = window.scope.group_id = id;
      tx.windows().add(window);
    }
    window.id = window.name = "own";
    window.scope.group_id.clear();
    window.scope.agent_id = agents_[1].agent_id;
    tx.windows().add(window);
    window.id = window.name = "all";
    window.scope.agent_id.clear();
    tx.windows().add(window);
  });
  read([&](const store::ReadTransaction& tx) {
    store::Windows::Machines machines;
    for (const AgentKey& agent : agents_)
      machines.insert({"client", agent.agent_id});
    machines.insert({"client", "nobody"});
    auto found = tx.windows().narrower(machines);
    ASSERT_EQ(found.size(), 2U) << "one is not there";
    const auto& grouped = found[{"client", agents_[0].agent_id}];
    ASSERT_EQ(grouped.size(), 2U);
    EXPECT_EQ(grouped[1].scope.group_name, "two");
    ASSERT_EQ((found[{"client", agents_[1].agent_id}].size()), 1U);
    EXPECT_EQ((found[{"client", agents_[1].agent_id}][0].id), "own");
    EXPECT_EQ((tx.windows().at({{"client", "site"}})[{"client", "site"}].windows.size()), 1U);
    EXPECT_EQ(tx.groups().list(http::Visible::everything()).at(0).agents, 2);
  });
}

// Keeps the text of what is asked.
class ListeningConnection : public CountingConnection {
 public:
  using CountingConnection::CountingConnection;
  store::sql::Rows queryValues(std::string_view sql, const std::vector<store::sql::Value>& values) override {
    asked.emplace_back(sql);
    return CountingConnection::queryValues(sql, values);
  }
  std::vector<std::string> asked;
};

TEST_F(ManyRows, of_windows_are_found_without_looking_at_each_of_the_client) {
  ListeningConnection connection(database_.connect());
  const store::sql::Scope snapshot(connection, store::sql::Access::kRead);
  const store::sql::Transaction transaction(connection);
  const store::ReadTransaction& tx = transaction;
  tx.windows().narrower({{"client", agents_[0].agent_id}});
  ASSERT_EQ(connection.asked.size(), 1U);
  if (connection.dialect().engine != "sqlite") return;  // which tells its plans in another way
  const std::string question = "EXPLAIN QUERY PLAN " + connection.asked[0];
  std::size_t lookups = 0;
  const std::vector<store::sql::Value> values = {store::sql::toValue("client"), store::sql::toValue("")};
  for (auto rows = connection.queryValues(question, values); rows.next();) {
    for (int column = 0; column < 3; ++column)
      rows.integer();
    const std::string step = rows.text() + " ";
    const auto of = [&](const char* what) { return step.starts_with(what); };
    const bool of_windows = of("SEARCH o ") || of("SEARCH w ") || of("SCAN o ") || of("SCAN w ");
    if (!of_windows) continue;
    ++lookups;
    EXPECT_NE(step.find("=? AND "), std::string::npos) << "by more than the client: " << step;
  }
  EXPECT_GE(lookups, 3U) << "a machine's, its groups', and what is said of them";
}

TEST_F(ManyRows, of_open_updates_are_counted_as_their_index_has_them) {
  addUpdates(agents_[0], 3);
  ListeningConnection connection(database_.connect());
  const store::sql::Scope snapshot(connection, store::sql::Access::kRead);
  const store::sql::Transaction transaction(connection);
  const store::ReadTransaction& tx = transaction;
  EXPECT_EQ(tx.updates().groups({}, http::Visible::everything(), {2, ""}).total, 3);
  EXPECT_EQ(tx.updates().totals(http::Visible::everything()).available, 3);
  if (connection.dialect().engine != "sqlite") {  // where few rows are read without any index
    auto rows = connection.query("SELECT current_setting('random_page_cost')");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(), "1.1");
    return;
  }
  std::size_t counted = 0;
  const std::vector<std::string> asked = connection.asked;
  for (const std::string& sql : asked) {
    if (sql.find("COUNT(*)") == std::string::npos) continue;
    ++counted;
    const std::string question = "EXPLAIN QUERY PLAN " + sql;
    for (auto rows = connection.queryValues(question, {}); rows.next();) {
      for (int column = 0; column < 3; ++column)
        rows.integer();
      const std::string step = rows.text();
      EXPECT_NE(step.find("COVERING INDEX"), std::string::npos) << step << " of " << sql;
    }
  }
  EXPECT_EQ(counted, 3U) << "the groups, and both parts of the totals";
}

}  // namespace
}  // namespace redflag::testing
