// What no service test asks of the areas: upkeep, and what is rare.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/metrics.h"
#include "store/people.h"
#include "store/scans.h"
#include "store/updates.h"
#include "support/database.h"

namespace redflag::store {
namespace {

class Areas : public ::testing::Test {
 protected:
  Areas() {
    store_.write([&](WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      agent_ =
          tx.agents()
              .enrol({std::string(32, 'k'), "host", "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10)
              .agent;
    });
  }

  static Scan scanAt(std::int64_t at) {
    Scan scan;
    scan.id = newId();
    scan.plugin = "apt";
    scan.purpose = "updates";
    scan.status = "ok";
    scan.received_at = at;
    return scan;
  }
  Command commandAt(std::int64_t at, CommandState state = CommandState::kQueued) const {
    Command command;
    command.id = command.dedup_key = newId();
    command.client_id = agent_.client_id;
    command.agent_id = agent_.agent_id;
    command.type = "scan";
    command.state = state;
    command.created_at = at;
    command.not_before = at;
    command.expires_at = at + 100;
    command.timeout_ns = 50;
    return command;
  }
  template <class F>
  auto read(F&& work) {
    return store_.read(std::forward<F>(work));
  }

  testing::TestDatabase database_;
  const std::unique_ptr<Store> opened_ = database_.open();
  Store& store_ = *opened_;
  AgentKey agent_;
};

TEST_F(Areas, old_scans_are_forgotten_but_for_each_plugins_newest) {
  store_.write([&](WriteTransaction& tx) {
    for (const std::int64_t at : {1, 2, 3})
      tx.scans().add(agent_, scanAt(at));
    EXPECT_TRUE(tx.scans().takeItem(agent_, "old", 1));
    tx.scans().prune(1000, 1000, 100);
    EXPECT_TRUE(tx.scans().takeItem(agent_, "old", 1)) << "the item is still known";
  });
  const auto newest = read([&](const ReadTransaction& tx) { return tx.scans().newest(agent_); });
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest.front().received_at, 3);
  EXPECT_EQ(read([&](const ReadTransaction& tx) {
              return tx.agents().find(agent_.agent_id, http::Visible::everything(), {});
            })->updates.available,
            0);
}

TEST_F(Areas, of_two_scans_at_once_the_greater_id_is_the_newest) {
  Scan one = scanAt(5);
  Scan other = scanAt(5);
  one.id = "A";
  other.id = "B";
  store_.write([&](WriteTransaction& tx) {
    tx.scans().add(agent_, other);
    tx.scans().add(agent_, one);
  });
  const auto newest = read([&](const ReadTransaction& tx) { return tx.scans().newest(agent_); });
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest.front().id, "B");
}

TEST_F(Areas, a_scopes_records_are_replaced_when_it_is_complete_and_added_to_when_not) {
  const auto set = [&](bool complete, const std::vector<StoredRecord>& records) {
    store_.write([&](WriteTransaction& tx) {
      tx.scans().setRecords(agent_, "apt", "inventory", "main", complete, records, 1);
    });
  };
  const auto count = [&] {
    auto connection = database_.connect();
    auto rows = connection->query("SELECT COUNT(*) FROM records");
    rows.next();
    return rows.integer();
  };
  set(true, {{"main", "package/1", "a", "{}"}, {"main", "package/1", "b", "{}"}});
  set(false, {{"main", "package/1", "b", "{}"}, {"main", "package/1", "c", "{}"}});
  EXPECT_EQ(count(), 3);
  set(true, {{"main", "package/1", "c", "{}"}});
  EXPECT_EQ(count(), 1);
  store_.write([&](WriteTransaction& tx) {
    tx.scans().setRecords(agent_, "apt", "inventory", "main", true, {{"main", "service/1", "d", "{}"}}, 2,
                          "package/1");
    tx.scans().setRecords(agent_, "apt", "inventory", "main", true, {{"main", "service/1", "e", "{}"}}, 3,
                          "package/1");
  });
  EXPECT_EQ(count(), 2) << "the package, and the newer service";
}

TEST_F(Areas, records_of_a_kind_are_listed_by_what_people_call_them_page_by_page) {
  store_.write([&](WriteTransaction& tx) {
    std::vector<StoredRecord> records;
    for (const char* name : {"zlib", "bash", "Curl", "apt", "bash"})
      records.push_back({"main", "package/1", std::string(name) + std::to_string(records.size()),
                         "{\"name\":\"" + std::string(name) + "\"}", name});
    records.push_back({"main", "org.example.thing/1", "x", "{}", "thing"});
    tx.scans().setRecords(agent_, "apt", "updates", "main", true, records, 7);
    tx.scans().setRecords(agent_, "other", "updates", "", true, {{"", "package/1", "a", "{}", "bash"}}, 8);
  });
  const auto page = [&](const std::string& cursor, const std::string& search = "") {
    return read([&](const ReadTransaction& tx) {
      return tx.scans().records(agent_, {"package/1", search}, {2, cursor});
    });
  };
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const auto got = page(cursor);
    EXPECT_EQ(got.total, 6);
    for (const auto& shown : got.items)
      seen.push_back(shown.plugin + ":" + shown.record.label);
    cursor = got.next_cursor;
  } while (!cursor.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"apt:Curl", "apt:apt", "apt:bash", "apt:bash", "other:bash",
                                            "apt:zlib"}));
  EXPECT_EQ(page("", "CURL").total, 1);
  EXPECT_EQ(page("", "%").total, 0);
  EXPECT_THROW(page("nonsense"), http::Problem);
  const auto kinds = read([&](const ReadTransaction& tx) { return tx.scans().recordKinds(agent_); });
  ASSERT_EQ(kinds.size(), 2U);
  EXPECT_EQ(kinds[0].kind, "org.example.thing/1");
  EXPECT_EQ(kinds[1].count, 6);
}

TEST_F(Areas, only_the_newest_facts_and_metrics_are_kept) {
  store_.write([&](WriteTransaction& tx) {
    for (int i = 0; i < 5; ++i) {
      tx.scans().setFact(agent_, {"system", "updates", "main"}, {"fact" + std::to_string(i), "1"}, i);
      tx.metrics().set(agent_, {"metric" + std::to_string(i), "", 0.1 + i}, i, i);
    }
    tx.scans().trim(agent_, 2);
    tx.metrics().trim(agent_, 2);
  });
  const auto facts = read([&](const ReadTransaction& tx) { return tx.scans().facts(agent_); });
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_EQ(facts.front().name, "fact3");
  auto connection = database_.connect();
  auto rows = connection->query("SELECT value FROM metrics ORDER BY at");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.real(), 3.1);
}

TEST_F(Areas, a_metrics_history_has_ten_minutes_a_point_and_each_days_extremes) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  constexpr std::int64_t kDay0 = 20'000 * kMetricDayNs;
  const auto set = [&](std::int64_t at, double value, const char* name = "free_bytes") {
    store_.write([&](WriteTransaction& tx) { tx.metrics().set(agent_, {name, "mount=/", value}, at, at); });
  };
  const auto get = [&](std::int64_t from, std::int64_t step, int limit = 10) {
    return read([&](const ReadTransaction& tx) { return tx.metrics().series(agent_, {from, step}, limit); });
  };
  set(kDay0 + 1, 5);
  set(kDay0 + 2, 7);  // of the same ten minutes
  set(kDay0 + kHour, 3);
  set(kDay0 + kHour + kMetricPointNs, 4);
  set(kDay0 + kMetricDayNs, 9);
  set(kDay0, 1, "other_bytes");

  const auto points = get(kDay0, kMetricPointNs);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].newest.label, "mount=/");
  EXPECT_EQ(points[0].newest.value, 9);
  EXPECT_EQ(points[0].at, kDay0 + kMetricDayNs);
  ASSERT_EQ(points[0].points.size(), 4U);
  EXPECT_EQ(points[0].points[0].at, kDay0);
  EXPECT_EQ(points[0].points[0].high, 7);
  const auto hours = get(kDay0 + kHour, kHour)[0].points;
  ASSERT_EQ(hours.size(), 2U);
  EXPECT_EQ(hours[0].at, kDay0 + kHour);
  EXPECT_EQ(hours[0].low, 3);
  EXPECT_EQ(hours[0].high, 4);
  const auto days = get(kDay0, kMetricDayNs)[0].points;
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0].low, 3);
  EXPECT_EQ(days[0].high, 7);
  EXPECT_EQ(get(kDay0, kMetricDayNs, 1).size(), 1U);

  store_.write([&](WriteTransaction& tx) {
    while (tx.metrics().prune(kDay0 + kMetricDayNs, kDay0, 2)) {
    }
  });
  EXPECT_EQ(get(kDay0, kMetricPointNs)[0].points.size(), 1U);
  EXPECT_EQ(get(kDay0, kMetricDayNs)[0].points.size(), 2U);
  store_.write([&](WriteTransaction& tx) { tx.metrics().trim(agent_, 1); });
  EXPECT_EQ(get(kDay0, kMetricDayNs).size(), 1U);
  auto connection = database_.connect();
  auto rows = connection->query("SELECT COUNT(*) FROM metric_days WHERE name = 'other_bytes'");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(), 0);
}

TEST_F(Areas, finished_commands_are_forgotten_with_all_that_belongs_to_them) {
  const Command over = commandAt(1);
  const Command waits = commandAt(2);
  store_.write([&](WriteTransaction& tx) {
    for (const auto& command : {over, waits}) {
      tx.commands().add(command, {"update"});
      tx.commands().addLog(command, {{0, 1, "a line"}}, 10);
    }
    EXPECT_EQ(tx.commands().advance(over, CommandEvent::kCancelled, "ada", {}, 3), CommandState::kCancelled);
    EXPECT_TRUE(tx.commands().settle(tx.commands().find(over.id, http::Visible::everything()).value()));
    tx.commands().prune(1000, 100);
  });
  read([&](const ReadTransaction& tx) {
    EXPECT_FALSE(tx.commands().find(over.id, http::Visible::everything()));
    EXPECT_TRUE(tx.commands().log(over, 10).empty());
    EXPECT_TRUE(tx.commands().transitions(over).empty());
    EXPECT_TRUE(tx.commands().find(waits.id, http::Visible::everything()));
    EXPECT_EQ(tx.commands().log(waits, 10).size(), 1U);
  });
}

TEST_F(Areas, commands_are_found_by_what_time_brings) {
  const Command later = commandAt(100, CommandState::kScheduled);
  const Command now = commandAt(10);
  store_.write([&](WriteTransaction& tx) {
    tx.commands().add(later, {});
    tx.commands().add(now, {});
    tx.commands().advance(now, CommandEvent::kAccepted, "agent", {}, 20);
  });
  read([&](const ReadTransaction& tx) {
    EXPECT_TRUE(tx.commands().due(99, 10).empty());
    EXPECT_EQ(tx.commands().due(100, 10).size(), 1U);
    EXPECT_EQ(tx.commands().overdue(200, 10).size(), 1U);
    EXPECT_TRUE(tx.commands().silent(69, 10).empty());
    EXPECT_EQ(tx.commands().silent(70, 10).size(), 1U);
  });
}

TEST_F(Areas, answers_are_remembered_and_forgotten) {
  store_.write([&](WriteTransaction& tx) { tx.people().rememberAnswer("u", "key", {"hash", 201, "{}"}, 5); });
  const auto known = read([](const ReadTransaction& tx) { return tx.people().answer("u", "key"); });
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, 201);
  EXPECT_FALSE(read([](const ReadTransaction& tx) { return tx.people().answer("v", "key"); }));
  store_.write([&](WriteTransaction& tx) { tx.people().pruneAnswers(6, 1 << 20, 100); });
  EXPECT_FALSE(read([](const ReadTransaction& tx) { return tx.people().answer("u", "key"); }));
}

TEST_F(Areas, silence_and_reboots_are_noticed) {
  UpdateRecord record;
  record.manager = "apt";
  record.key = record.name = "linux";
  record.candidate_version = "2";
  store_.write([&](WriteTransaction& tx) {
    tx.agents().touch(agent_, 50);
    AgentStatus status;
    status.hostname = "host";
    status.mode = "act";
    status.isolation = "weak";
    status.config_state = "ok";
    status.boot_id = "second";
    tx.agents().setStatus(agent_, status);
    const std::string id = tx.updates().add(agent_, "apt", "main", record, "digest", 1);
    auto state = UpdateState::kAvailable;
    for (const auto event : {UpdateEvent::kApproved, UpdateEvent::kPlanCovered, UpdateEvent::kInstallStarted,
                             UpdateEvent::kInstallDone, UpdateEvent::kRebootNeeded}) {
      ASSERT_TRUE(tx.updates().advance(agent_, id, state, event, {{}, "command", "first", true}, 2));
      EXPECT_FALSE(tx.updates().advance(agent_, id, state, event, {}, 2)) << "it is elsewhere by now";
      state = *after(state, event);
    }
  });
  const auto rebooted = read([](const ReadTransaction& tx) { return tx.updates().rebooted({}, 10); });
  ASSERT_EQ(rebooted.size(), 1U);
  EXPECT_EQ(rebooted.front().agent.public_key, std::string(32, 'k'));
  EXPECT_TRUE(
      read([&](const ReadTransaction& tx) { return tx.updates().rebooted(rebooted.front(), 10); }).empty());
  store_.write([&](WriteTransaction& tx) { tx.updates().markVerifyOrdered(rebooted.front()); });
  read([&](const ReadTransaction& tx) {
    EXPECT_TRUE(tx.updates().rebooted({}, 10).empty());
    EXPECT_TRUE(tx.agents().hasUntoldSilence(50));
    EXPECT_FALSE(tx.agents().hasUntoldSilence(49));
  });
}

}  // namespace
}  // namespace redflag::store
