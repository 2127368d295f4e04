// What a transaction writes of many rows, on both engines: in few statements, and as if each were alone.
#include "many_rows.h"
#include "store/audit_chain.h"
#include "store/sql/value_rows.h"

namespace redflag::testing {
namespace {

using store::UpdateEvent;
using store::UpdateState;

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
