// What a transaction writes of many rows, on both engines: in few statements, and as if each were alone.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "store/agents.h"
#include "store/audit_chain.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/groups.h"
#include "store/sql/value_rows.h"
#include "store/updates.h"
#include "store/windows.h"
#include "support/counting_store.h"
#include "support/database.h"

namespace redflag::testing {
namespace {

using store::AgentKey;
using store::UpdateEvent;
using store::UpdateState;

class ManyRows : public ::testing::Test {
 protected:
  ManyRows() : created_(database_.open()), store_(database_.connect()) {
    if (!initCrypto()) throw std::runtime_error("no crypto");
    store_.write([&](store::WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}, {"other", "Other"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      for (const char* host : {"alpha", "beta"})
        agents_.push_back(
            tx.agents()
                .enrol({sha256(host), host, "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10)
                .agent);
    });
  }

  template <class F>
  auto read(F&& work) {
    return store_.read(std::forward<F>(work));
  }
  static store::HistoryEntry entry(std::size_t number) {
    store::HistoryEntry out;
    out.at = static_cast<std::int64_t>(number);
    out.subsystem = "update";
    out.actor = "ada";
    out.kind = "update.approved";
    out.text = std::to_string(number);
    return out;
  }
  std::vector<store::HistoryEntry> historyOf(const AgentKey& agent) {
    return read([&](const store::ReadTransaction& tx) {
      return tx.events().history(agent.client_id, agent.agent_id, {1'000, ""}).items;
    });
  }
  std::vector<std::string> addUpdates(const AgentKey& agent, std::size_t count) {
    return store_.write([&](store::WriteTransaction& tx) {
      std::vector<std::string> ids;
      for (std::size_t i = 0; i < count; ++i) {
        store::UpdateRecord record;
        record.manager = "apt";
        record.key = record.name = "package-" + std::to_string(i);
        record.candidate_version = "2";
        ids.push_back(tx.updates().add(agent, "apt", "main", record, "digest", 1));
      }
      return ids;
    });
  }
  std::map<std::string, store::KnownUpdate> updatesOf(const AgentKey& agent) {
    std::map<std::string, store::KnownUpdate> out;
    read([&](const store::ReadTransaction& tx) {
      for (auto& update : tx.updates().known(agent, "apt"))
        out[update.id] = std::move(update);
    });
    return out;
  }
  store::Command command(const AgentKey& agent, const std::string& key) const {
    store::Command out;
    out.id = newId();
    out.dedup_key = key;
    out.client_id = agent.client_id;
    out.agent_id = agent.agent_id;
    out.type = "scan";
    out.actor = "ada";
    out.created_at = 5;
    out.expires_at = 100;
    return out;
  }

  TestDatabase database_;
  const std::unique_ptr<store::Store> created_;
  CountingStore store_;
  std::vector<AgentKey> agents_;
};

TEST_F(ManyRows, go_in_pieces_of_64_16_4_and_one) {
  for (const auto& [rows, statements] : std::map<std::size_t, std::size_t>{
           {0, 0}, {1, 1}, {3, 3}, {4, 1}, {7, 4}, {64, 1}, {137, 5}, {1'000, 19}}) {
    store::sql::ValueRows values;
    for (std::size_t i = 0; i < rows; ++i)
      values.add(i, "text");
    std::size_t seen = 0;
    std::size_t sent = 0;
    values.each("", "", {nullptr}, [&](std::string_view, const std::vector<store::sql::Value>& some) {
      ++sent;
      ASSERT_EQ(some.size() % 2, 1U) << "the one behind the rows";
      for (std::size_t i = 0; i + 1 < some.size(); i += 2)
        EXPECT_EQ(std::get<std::int64_t>(some[i]), static_cast<std::int64_t>(seen++));
    });
    EXPECT_EQ(seen, rows);
    EXPECT_EQ(sent, statements) << rows;
  }
}

TEST_F(ManyRows, of_history_are_numbered_for_each_agent_in_their_order) {
  constexpr std::size_t kEntries = 150;
  for (int round = 0; round < 2; ++round) {
    store_.write([&](store::WriteTransaction& tx) {
      for (std::size_t i = 0; i < kEntries; ++i)
        tx.events().record("client", agents_[i % 3 == 0 ? 0 : 1].agent_id, entry(i));
    });
  }
  std::size_t total = 0;
  for (const AgentKey& agent : agents_) {
    const auto entries = historyOf(agent);
    total += entries.size();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(entries[i].seq, static_cast<std::int64_t>(entries.size() - i));
      EXPECT_EQ(entries[i].text, std::to_string(entries[i].at));
      const bool same_round = i > 0 && i != entries.size() / 2;
      EXPECT_TRUE(!same_round || entries[i].at < entries[i - 1].at) << "newest first";
    }
  }
  EXPECT_EQ(total, 2 * kEntries);
}

TEST_F(ManyRows, of_an_undone_part_are_no_history) {
  store_.write([&](store::WriteTransaction& tx) {
    tx.events().record("client", agents_[0].agent_id, entry(1));
    EXPECT_THROW(tx.attempt([&] {
      tx.events().record("client", agents_[0].agent_id, entry(2));
      throw std::runtime_error("undone");
    }),
                 std::runtime_error);
    tx.events().record("client", agents_[0].agent_id, entry(3));
  });
  const auto entries = historyOf(agents_[0]);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].text, "3");
  EXPECT_EQ(entries[1].text, "1");
}

TEST_F(ManyRows, of_the_audit_log_are_one_chain_and_of_the_outbox_in_order) {
  constexpr std::size_t kRows = 1'000;
  const std::size_t statements = store_.statementsOf([&] {
    store_.write([&](store::WriteTransaction& tx) {
      for (std::size_t i = 0; i < kRows; ++i) {
        tx.events().record("client", agents_[0].agent_id, entry(i));
        tx.events().publish("client", "update", {{"agent_id", agents_[0].agent_id}, {"number", i}}, 1);
      }
    });
  });
  EXPECT_LE(statements, 3 * 19U + 3) << "its pieces, the chain's head twice, and perhaps a lock";
  read([&](const store::ReadTransaction& tx) {
    const auto verdict = store::verifyAudit(tx, std::nullopt);
    EXPECT_TRUE(verdict.ok) << verdict.text;
    const auto records = tx.audit().after(0, 2 * kRows);
    const auto events = tx.events().after(0, 2 * kRows, http::Visible::everything());
    ASSERT_EQ(records.size(), kRows);
    ASSERT_EQ(events.size(), kRows);
    for (std::size_t i = 0; i < kRows; ++i) {
      EXPECT_EQ(records[i].text, std::to_string(i));
      EXPECT_EQ(parseJson(events[i].data).value()["number"], i);
    }
  });
}

TEST_F(ManyRows, of_updates_are_moved_each_by_its_own_guard) {
  const auto ids = addUpdates(agents_[0], 200);
  std::vector<store::UpdateStep> steps;
  for (const auto& id : ids)
    steps.push_back({agents_[0], id, UpdateState::kAvailable, UpdateEvent::kApproved, {{}, id, "", false}});
  steps[3].from = UpdateState::kFailed;         // it is elsewhere
  steps[70].event = UpdateEvent::kPlanCovered;  // it must not happen there
  steps[150].agent = agents_[1];                // it is another one's
  steps[199].event = UpdateEvent::kIgnored;     // and this one goes elsewhere, with more columns
  steps[199].change = {{"update.ignored", "why"}, {}, {}, {}};
  steps[199].change.ignored_by = "rule";
  std::size_t moved = 0;
  const std::size_t statements = store_.statementsOf(
      [&] { store_.write([&](store::WriteTransaction& tx) { moved = tx.updates().advanceAll(steps, 7); }); });
  EXPECT_EQ(moved, 197U);
  EXPECT_LE(statements, 10U);
  const auto now = updatesOf(agents_[0]);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& one = now.at(ids[i]);
    const bool stays = i == 3 || i == 70 || i == 150;
    EXPECT_EQ(one.state, stays      ? UpdateState::kAvailable
                         : i == 199 ? UpdateState::kIgnored
                                    : UpdateState::kApproved);
    EXPECT_EQ(one.command_id, stays || i == 199 ? "" : ids[i]);
    EXPECT_EQ(one.ignored_by, i == 199 ? "rule" : "");
  }
}

TEST_F(ManyRows, of_updates_may_all_leave_the_same_column_alone_and_then_not) {
  const auto ids = addUpdates(agents_[0], 3);
  const auto move = [&](UpdateState from, UpdateEvent event, const store::UpdateChange& change) {
    std::vector<store::UpdateStep> steps;
    for (const auto& id : ids)
      steps.push_back({agents_[0], id, from, event, change});
    return store_.write([&](store::WriteTransaction& tx) { return tx.updates().advanceAll(steps, 7); });
  };
  EXPECT_EQ(move(UpdateState::kAvailable, UpdateEvent::kApproved, {{}, "command", "boot", true}), 3U);
  EXPECT_EQ(move(UpdateState::kApproved, UpdateEvent::kWithdrawn, {}), 3U);
  std::vector<store::UpdateStep> mixed = {
      {agents_[0], ids[0], UpdateState::kAvailable, UpdateEvent::kApproved, {{}, {}, {}, false}},
      {agents_[0], ids[1], UpdateState::kAvailable, UpdateEvent::kApproved, {{}, "other", {}, {}}}};
  store_.write([&](store::WriteTransaction& tx) { EXPECT_EQ(tx.updates().advanceAll(mixed, 8), 2U); });
  const auto now = updatesOf(agents_[0]);
  EXPECT_FALSE(now.at(ids[0]).reboot_required);
  EXPECT_TRUE(now.at(ids[1]).reboot_required);
  EXPECT_TRUE(now.at(ids[2]).reboot_required);
  EXPECT_EQ(now.at(ids[0]).command_id, "command");
  EXPECT_EQ(now.at(ids[1]).command_id, "other");
  EXPECT_EQ(now.at(ids[1]).install_boot_id, "boot");
}

TEST_F(ManyRows, of_commands_are_one_where_the_same_is_ordered_twice_at_once_or_before) {
  const auto before = command(agents_[0], "known");
  store_.write([&](store::WriteTransaction& tx) { tx.commands().add(before, {}); });
  std::vector<store::NewCommand> all;
  for (int i = 0; i < 100; ++i)
    all.push_back({command(agents_[0], "key-" + std::to_string(i)), {newId(), newId()}});
  all.push_back({command(agents_[0], "known"), {newId()}});
  all.push_back({command(agents_[1], "known"), {newId()}});
  all.push_back({command(agents_[0], "key-7"), {newId()}});
  std::vector<std::string> ids;
  store_.write([&](store::WriteTransaction& tx) { ids = tx.commands().addAll(all); });
  ASSERT_EQ(ids.size(), all.size());
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_EQ(ids[i], all[i].command.id);
  EXPECT_EQ(ids[100], before.id);
  EXPECT_EQ(ids[101], all[101].command.id) << "another machine's";
  EXPECT_EQ(ids[102], all[7].command.id);
  read([&](const store::ReadTransaction& tx) {
    EXPECT_EQ(tx.commands().list({}, http::Visible::everything(), {1, ""}).total, 102);
    const auto transitions = tx.commands().transitions(all[7].command);
    ASSERT_EQ(transitions.size(), 1U);
    EXPECT_EQ(transitions[0].from, "");
    EXPECT_EQ(transitions[0].to, "queued");
  });
}

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

TEST_F(ManyRows, of_taken_seats_are_not_counted_to_take_another_one) {
  ListeningConnection connection(database_.connect());
  store::sql::Scope scope(connection, store::sql::Access::kWrite);
  store::sql::Transaction transaction(connection);
  store::WriteTransaction& tx = transaction;
  tx.agents().addToken({"large", "client", "site", 5'001, 0, 1, "ada", 1000, false}, "large");
  connection.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "INSERT INTO enrolment_seats (client_id, token_id, seat, agent_id) SELECT 'client', 'large', i, 'old' "
      "FROM n");
  connection.asked.clear();
  const auto enrol = [&](const char* host) {
    return tx.agents().enrol({sha256(host), host, "act", "1", "linux-x86_64", "Debian", "12"}, "large", 10);
  };
  EXPECT_EQ(enrol("gamma").seats_used, 5'001);
  EXPECT_EQ(enrol("delta").outcome, store::EnrolmentOutcome::kSeatsExhausted);
  EXPECT_EQ(tx.agents().token("large", http::Visible::everything())->seats_used, 5'001);
  auto of_seats = connection.asked;
  std::erase_if(of_seats, [](const auto& sql) { return sql.find("enrolment_seats") == std::string::npos; });
  ASSERT_EQ(of_seats.size(), 3U);
  for (const auto& sql : of_seats)
    EXPECT_EQ(sql.find("COUNT("), std::string::npos) << sql;
  if (connection.dialect().engine != "postgres") return;  // which reads a whole table where it seems cheaper
  const std::string question = "EXPLAIN " + of_seats[0];
  const std::vector<store::sql::Value> values = {store::sql::toValue("client"), store::sql::toValue("large")};
  std::string plan;
  for (auto rows = connection.queryValues(question, values); rows.next();)
    plan += rows.text() + "\n";
  EXPECT_NE(plan.find("Scan Backward"), std::string::npos) << plan;
}

}  // namespace
}  // namespace redflag::testing
