// From a file to PostgreSQL.
#include "store/move.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/events.h"
#include "store/sql/migrations.h"
#include "store/sqlite/connection.h"
#include "store/updates.h"
#include "support/database.h"

namespace redflag::store {
namespace {

using testing::TestDatabase;

constexpr int kAgents = 5;

http::Problem refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {200, "", ""};
}

class Move : public ::testing::Test {
 protected:
  Move() {
    const auto store = openStore({file_, ""});
    store->write([&](WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      for (int i = 0; i < kAgents; ++i)
        addAgent(tx, "host-" + std::to_string(i));
    });
  }

  static void addAgent(WriteTransaction& tx, const std::string& hostname) {
    const auto agent =
        tx.agents()
            .enrol({randomBytes(32), hostname, "act", "1", "linux-x86_64", "Debian \xC3\xA4", "12"}, "hash",
                   10)
            .agent;
    UpdateRecord record;
    record.manager = "apt";
    record.key = record.name = "openssl";
    record.candidate_version = "3.0.17-1~deb12u3";
    record.needs_reboot = i_++ % 2 == 0 ? std::optional<bool>(true) : std::nullopt;
    tx.updates().add(agent, "apt", "main", record, "digest", 5);
    tx.events().record("client", agent.agent_id, {});
    tx.events().publish("client", "agent.enrolled", {{"id", agent.agent_id}}, 7);
  }

  std::vector<MoveProgress> move() {
    std::vector<MoveProgress> out;
    moveToPostgres(file_, target_.url(), [&](const MoveProgress& progress) { out.push_back(progress); });
    return out;
  }
  // Breaks off once that many tables are there.
  void moveOnly(int tables) {
    struct Broken {};
    EXPECT_THROW(moveToPostgres(file_, target_.url(),
                                [&](const MoveProgress&) {
                                  if (--tables == 0) throw Broken();
                                }),
                 Broken);
  }
  std::vector<std::string> hostnames() {
    const auto store = target_.open();
    return store->read([](const ReadTransaction& tx) {
      std::vector<std::string> names;
      for (const auto& agent : tx.agents().list({}, http::Visible::everything(), {}, {100, ""}).items)
        names.push_back(agent.hostname);
      return names;
    });
  }

  static inline int i_ = 0;
  const testing::Folder folder_;
  const std::filesystem::path file_ = folder_ / "redflag.db";
  const TestDatabase target_{TestDatabase::With::kNothing};
};

TEST_F(Move, everything_is_there_afterwards_and_numbers_go_on) {
  const auto before =
      openStore({file_, ""})->read([](const ReadTransaction& tx) { return tx.events().newest(); });
  std::map<std::string, std::int64_t> rows;
  for (const auto& progress : move()) {
    EXPECT_FALSE(progress.before);
    rows[progress.table.table] = progress.table.rows;
  }
  EXPECT_EQ(rows["agents"], kAgents);
  EXPECT_EQ(rows["updates"], kAgents);
  EXPECT_EQ(rows.count("schema_migrations"), 0U);
  EXPECT_EQ(hostnames().size(), static_cast<std::size_t>(kAgents));
  const auto store = target_.open();
  store->write([](WriteTransaction& tx) { tx.events().publish("client", "later", Json::object(), 8); });
  EXPECT_EQ(store->read([](const ReadTransaction& tx) { return tx.events().newest(); }), before + 1);
}

TEST_F(Move, numbers_go_on_where_the_newest_event_was_pruned) {
  std::int64_t newest = 0;
  {
    const auto store = openStore({file_, ""});
    newest = store->read([](const ReadTransaction& tx) { return tx.events().newest(); });
    store->write([](WriteTransaction& tx) { tx.events().prune(0, 1'000, 1'000); });
  }
  move();
  const auto store = target_.open();
  store->write([](WriteTransaction& tx) { tx.events().publish("client", "later", Json::object(), 8); });
  const auto events = store->read(
      [](const ReadTransaction& tx) { return tx.events().after(0, 10, http::Visible::everything()); });
  EXPECT_EQ(events.back().seq, newest + 1);
}

TEST_F(Move, broken_off_after_any_table_no_server_starts_and_the_next_goes_on) {
  const int tables = 18;
  for (int done = 1; done <= tables; done += 4) {
    const TestDatabase target(TestDatabase::With::kNothing);
    struct Broken {};
    int left = done;
    EXPECT_THROW(moveToPostgres(file_, target.url(),
                                [&](const MoveProgress&) {
                                  if (--left == 0) throw Broken();
                                }),
                 Broken);
    EXPECT_EQ(refusal([&] { target.open(); }).code, "store.unfinished_move");
    int before = 0;
    moveToPostgres(file_, target.url(),
                   [&](const MoveProgress& progress) { before += progress.before ? 1 : 0; });
    EXPECT_EQ(before, done);
    EXPECT_NO_THROW(target.open());
  }
}

TEST_F(Move, what_changed_in_the_file_meanwhile_is_copied_again) {
  moveOnly(18);
  openStore({file_, ""})->write([](WriteTransaction& tx) { addAgent(tx, "late"); });
  move();
  const auto names = hostnames();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).count("late"), 1U);
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kAgents) + 1);
}

TEST_F(Move, a_row_that_is_not_the_same_is_named) {
  const auto spoil = [&](const MoveProgress& progress) {
    if (progress.table.table == "updates")
      target_.connect()->execute("UPDATE agents SET os_name = 'other' WHERE hostname = 'host-3'");
  };
  const auto problem = refusal([&] { moveToPostgres(file_, target_.url(), spoil); });
  EXPECT_EQ(problem.code, "store.differs");
  EXPECT_NE(problem.detail.find(
                "table agents: 5 rows were to be moved, 5 are there; the first that differs is (client, "),
            std::string::npos)
      << problem.detail;
  EXPECT_EQ(refusal([&] { target_.open(); }).code, "store.unfinished_move");
}

TEST_F(Move, only_into_an_empty_database) {
  target_.connect()->script("CREATE TABLE somebodys (a BIGINT)");
  const auto problem = refusal([&] { move(); });
  EXPECT_EQ(problem.code, "store.not_empty");
  EXPECT_NE(problem.detail.find("somebodys"), std::string::npos) << problem.detail;
  const TestDatabase used;
  EXPECT_EQ(refusal([&] { moveToPostgres(file_, used.url(), [](const MoveProgress&) {}); }).code,
            "store.not_empty");
}

TEST_F(Move, an_unfinished_move_of_another_server_is_not_gone_on_with) {
  moveOnly(3);
  const auto other = folder_ / "other.db";
  openStore({other, ""})->write([](WriteTransaction& tx) {
    tx.agents().addClient({"another", "Another", {{"elsewhere", "Site"}}}, 1);
  });
  const auto problem = refusal([&] { moveToPostgres(other, target_.url(), [](const MoveProgress&) {}); });
  EXPECT_EQ(problem.code, "store.not_empty");
  EXPECT_NE(problem.detail.find("another server"), std::string::npos) << problem.detail;
  EXPECT_NO_THROW(move());
}

TEST_F(Move, a_text_that_postgres_cannot_hold_is_named) {
  for (const char* bytes : {"X'61ff62'", "X'610062'"}) {
    const auto copy = folder_ / "copy.db";
    std::filesystem::copy_file(file_, copy, std::filesystem::copy_options::overwrite_existing);
    sqlite::Connection(copy, sqlite::Connection::Role::kWriter)
        .script(std::string("UPDATE agents SET kernel = CAST(") + bytes +
                " AS TEXT) WHERE hostname = 'host-2'");
    const TestDatabase target(TestDatabase::With::kNothing);
    const auto problem = refusal([&] { moveToPostgres(copy, target.url(), [](const MoveProgress&) {}); });
    EXPECT_EQ(problem.code, "store.unmovable_text");
    EXPECT_NE(problem.detail.find("table agents, row (client, "), std::string::npos) << problem.detail;
    EXPECT_NE(problem.detail.find("kernel"), std::string::npos) << problem.detail;
  }
}

// As a server leaves it that was killed.
TEST_F(Move, a_file_with_a_log_beside_it_is_as_it_was) {
  const auto killed = folder_ / "killed.db";
  {
    sqlite::Connection writer(file_, sqlite::Connection::Role::kWriter);
    writer.script("UPDATE agents SET hostname = 'newest' WHERE hostname = 'host-4'");
    for (const char* part : {"", "-wal"})
      std::filesystem::copy_file(file_.string() + part, killed.string() + part);
  }
  const auto sizes = [&] {
    return std::pair(std::filesystem::file_size(killed),
                     std::filesystem::file_size(killed.string() + "-wal"));
  };
  const auto before = sizes();
  const auto written = std::filesystem::last_write_time(killed);
  ASSERT_GT(before.second, 0U);
  moveToPostgres(killed, target_.url(), [](const MoveProgress&) {});
  EXPECT_EQ(sizes(), before);
  EXPECT_EQ(std::filesystem::last_write_time(killed), written);
  const auto names = hostnames();
  EXPECT_EQ(std::count(names.begin(), names.end(), "newest"), 1);
}

TEST_F(Move, lets_no_other_move_to_the_same_database_meanwhile) {
  std::string code;
  moveToPostgres(file_, target_.url(), [&](const MoveProgress&) {
    if (code.empty())
      code = refusal([&] { moveToPostgres(file_, target_.url(), [](const MoveProgress&) {}); }).code;
  });
  EXPECT_EQ(code, "store.move_running");
  EXPECT_EQ(hostnames().size(), static_cast<std::size_t>(kAgents)) << "the first one went on";
}

TEST_F(Move, knows_every_column_that_postgresql_numbers_by_itself) {
  const TestDatabase made;
  const auto connection = made.connect();
  auto rows = connection->query(
      "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = "
      "current_schema() AND (is_identity = 'YES' OR column_default LIKE 'nextval%')");
  std::vector<std::string> numbered;
  while (rows.next())
    numbered.push_back(rows.text());
  EXPECT_EQ(numbered, std::vector<std::string>{"outbox.seq"})
      << "finish() in move.cpp sets these, and no other";
}

TEST_F(Move, only_from_a_database_of_this_programs_schema) {
  const auto old = folder_ / "old.db";
  {
    sqlite::Connection connection(old, sqlite::Connection::Role::kWriter);
    auto steps = sql::migrations("sqlite");
    steps.resize(1);
    sql::migrate(connection, steps, 1);
  }
  const auto problem = refusal([&] { moveToPostgres(old, target_.url(), [](const MoveProgress&) {}); });
  EXPECT_EQ(problem.code, "store.pending_steps");
  EXPECT_EQ(
      refusal([&] { moveToPostgres(folder_ / "none.db", target_.url(), [](const MoveProgress&) {}); }).code,
      "store.missing");
}

TEST_F(Move, both_engines_have_the_same_tables_with_the_same_columns_and_each_has_a_key) {
  std::set<std::string> here;
  sqlite::Connection file(file_, sqlite::Connection::Role::kReader);
  for (const auto& table : sql::tablesOf(file)) {
    bool key = false;
    for (const auto& column : table.columns) {
      here.insert(table.name + '.' + column.name);
      key = key || column.key;
    }
    EXPECT_TRUE(key) << table.name;
  }
  std::set<std::string> there;
  const TestDatabase made;
  const auto connection = made.connect();
  auto rows = connection->query(
      "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = "
      "current_schema()");
  while (rows.next())
    there.insert(rows.text());
  EXPECT_EQ(here, there);
}

}  // namespace
}  // namespace redflag::store
