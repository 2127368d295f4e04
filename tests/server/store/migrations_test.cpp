// The list of steps is one, and each engine takes it the same way.
#include "store/sql/migrations.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <set>

#include "http/message.h"
#include "store/postgres/statements.h"
#include "store/windows.h"
#include "support/database.h"

namespace redflag::store::sql {
namespace {

using testing::TestDatabase;

http::Problem refusal(Connection& connection, const std::vector<Migration>& steps) {
  try {
    migrate(connection, steps, 1);
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {200, "", ""};
}

const Migration kFirst = {1, "first", "CREATE TABLE one (a INTEGER);"};
const Migration kSecond = {2, "second", "CREATE TABLE two (b INTEGER); INSERT INTO two VALUES (7);"};

TEST(Migrations, are_applied_once_and_in_order) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  migrate(connection, {kFirst}, 1);
  migrate(connection, {kFirst, kSecond}, 2);
  migrate(connection, {kFirst, kSecond}, 3);
  auto rows = connection.query("SELECT COUNT(*) FROM two");
  rows.next();
  EXPECT_EQ(rows.integer(), 1);
}

TEST(Migrations, one_that_fails_leaves_the_database_as_it_was_and_names_the_statement) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  migrate(connection, {kFirst}, 1);
  const Migration broken = {2, "broken", "CREATE TABLE three (c INTEGER); INSERT INTO nowhere VALUES (1);"};
  const auto problem = refusal(connection, {kFirst, broken});
  EXPECT_NE(problem.detail.find("broken"), std::string::npos) << problem.detail;
  EXPECT_NE(problem.detail.find("INSERT INTO nowhere"), std::string::npos) << problem.detail;
  EXPECT_THROW(connection.execute("SELECT * FROM three"), http::Problem);
  EXPECT_EQ(refusal(connection, {kFirst, kSecond}).status, 200);
}

TEST(Migrations, a_newer_database_is_refused_with_a_sentence) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  migrate(connection, {kFirst, kSecond}, 1);
  const auto problem = refusal(connection, {kFirst});
  EXPECT_EQ(problem.code, "store.newer_schema");
  EXPECT_NE(problem.detail.find("schema 2"), std::string::npos);
}

TEST(Migrations, one_that_was_applied_with_another_text_is_refused) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  migrate(connection, {kFirst}, 1);
  EXPECT_EQ(refusal(connection, {{1, "first", "CREATE TABLE other (a INTEGER);"}}).code,
            "store.schema_differs");
}

// The schema as servers of that time had it.
std::vector<Migration> migrationsBefore(const Connection& connection, int number) {
  std::vector<Migration> older;
  for (const auto& step : migrations(connection.dialect().engine))
    if (step.number < number) older.push_back(step);
  return older;
}

TEST(Migrations, who_had_a_role_before_there_were_grants_has_it_over_everything) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  migrate(connection, migrationsBefore(connection, 6), 1);
  connection.script(
      "INSERT INTO users (user_id, username, password_hash, role, created_at) VALUES ('1', 'ada', 'x', "
      "'admin', 1), "
      "('2', 'vic', 'x', 'viewer', 1)");
  migrate(connection, migrations(connection.dialect().engine), 2);
  std::string granted;
  auto rows = connection.query(
      "SELECT u.username, u.kind, g.role, g.client_id, g.site_id FROM users u JOIN user_grants g USING "
      "(user_id) "
      "ORDER BY 1");
  while (rows.next()) {
    for (int column = 0; column < 5; ++column)
      granted += rows.text() + "|";
  }
  EXPECT_EQ(granted, "ada|person|admin|||vic|person|viewer|||");
}

TEST(Migrations, what_was_told_of_windows_before_groups_had_some_is_kept_and_not_told_again) {
  const TestDatabase database(TestDatabase::With::kNothing);
  {
    const auto connection = database.connect();
    migrate(*connection, migrationsBefore(*connection, 22), 1);
    connection->script(R"(
      INSERT INTO maintenance_windows (client_id, window_id, site_id, name, rule, length_s, notice_s, created_at,
        created_by, changed_at, changed_by) VALUES ('c', 'w', 's', 'Night', '{}', 60, 0, 1, 'ada', 1, 'ada');
      INSERT INTO window_notices (client_id, site_id, opens_at, at)
        VALUES ('c', 's', 10, 5), ('c', 's', 20, 15), ('d', 't', 10, 6);)");
  }
  const auto store = database.open();
  const auto connection = database.connect();
  const auto texts = [&](const char* sql) {
    std::string all;
    for (auto rows = connection->query(sql); rows.next();)
      all += rows.text() + "|";
    return all;
  };
  const char* notices =
      "SELECT client_id || site_id || opens_at || ':' || at || holder_id FROM window_notices ORDER BY 1";
  EXPECT_EQ(texts(notices), "cs10:5|cs20:15|dt10:6|");
  EXPECT_EQ(texts("SELECT name || group_id || agent_id FROM maintenance_windows"), "Night|");
  store->write([](WriteTransaction& tx) {
    EXPECT_FALSE(tx.windows().addNotice({"c", "s", "", 10, 7}));
    EXPECT_TRUE(tx.windows().addNotice({"c", "s", "a-group", 10, 7}))
        << "a group's that opens with the site's";
    EXPECT_TRUE(tx.windows().prune(6, 1)) << "the one that is older";
    EXPECT_FALSE(tx.windows().prune(6, 1));
  });
}

TEST(Migrations, say_which_were_applied_when_and_which_are_pending) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  EXPECT_EQ(migrationStates(connection, {kFirst}).at(0).applied_at, 0);
  migrate(connection, {kFirst}, 7);
  const auto states = migrationStates(connection, {kFirst, kSecond});
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].applied_at, 7);
  EXPECT_EQ(states[1].name, "second");
  EXPECT_EQ(states[1].applied_at, 0);
  EXPECT_THROW(migrationStates(connection, {{1, "first", "SELECT 1;"}}), http::Problem);
}

TEST(Migrations, one_that_is_only_tried_leaves_nothing_and_fails_with_its_line) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  migrate(connection, {kFirst}, 1);
  const auto tried = tryMigrations(connection, {kFirst, kSecond}, 2);
  ASSERT_EQ(tried.size(), 1U);
  EXPECT_EQ(tried[0].number, 2);
  EXPECT_EQ(migrationStates(connection, {kFirst, kSecond}).at(1).applied_at, 0);
  EXPECT_THROW(connection.execute("SELECT * FROM two"), http::Problem);
  const Migration broken = {2, "broken",
                            "CREATE TABLE three (c INTEGER);\n-- why\nINSERT INTO nowhere VALUES (1);"};
  try {
    tryMigrations(connection, {kFirst, broken}, 2);
    FAIL() << "it went through";
  } catch (const http::Problem& problem) {
    EXPECT_NE(problem.detail.find("line 3: "), std::string::npos) << problem.detail;
  }
}

// Its process is killed before the n-th thing it is asked to do.
class Dying : public Connection {
 public:
  Dying(Connection& inner, int left) : inner_(inner), left_(left) {}
  void demandAlone() override { inner_.demandAlone(); }
  const Dialect& dialect() const override { return inner_.dialect(); }
  Rows queryValues(std::string_view sql, const std::vector<Value>& values) override {
    count();
    return inner_.queryValues(sql, values);
  }
  void settle() override { inner_.settle(); }
  void script(std::string_view sql) override {
    std::string statement;
    for (const auto part : postgres::split(sql)) {
      statement.append(part).append(";");
      // A trigger's body has semicolons of its own.
      if (dialect().engine == "sqlite" && sqlite3_complete(statement.c_str()) == 0) continue;
      count();
      inner_.script(statement);
      statement.clear();
    }
    ASSERT_EQ(statement, "");
  }
  void begin(Access access) override {
    count();
    inner_.begin(access);
  }
  void commit() override {
    count();
    inner_.commit();
  }
  void rollBack() noexcept override { inner_.rollBack(); }

 protected:
  int executeValues(std::string_view sql, const Value* values, std::size_t size) override {
    queryValues(sql, {values, values + size}).next();
    return 0;
  }
  void postValues(std::string_view sql, const Value* values, std::size_t size) override {
    executeValues(sql, values, size);
  }

 private:
  void count() {
    if (left_-- == 0) ::kill(::getpid(), SIGKILL);
  }
  Connection& inner_;
  int left_;
};

TEST(Migrations, a_body_with_semicolons_is_one_statement) {
  const TestDatabase database(TestDatabase::With::kNothing);
  const auto opened = database.connect();
  Connection& connection = *opened;
  const bool sqlite = connection.dialect().engine == "sqlite";
  const Migration both = {
      2, "trigger",
      sqlite ? "CREATE TABLE two (b INTEGER); CREATE TRIGGER twice AFTER INSERT ON one BEGIN "
               "INSERT INTO two VALUES (1); INSERT INTO two VALUES (2); END;"
             : "CREATE TABLE two (b INTEGER); CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$ "
               "BEGIN INSERT INTO two VALUES (1); INSERT INTO two VALUES (2); RETURN NULL; END $$; "
               "CREATE TRIGGER twice AFTER INSERT ON one FOR EACH ROW EXECUTE FUNCTION twice();"};
  Dying undisturbed(connection, 1000);
  migrate(undisturbed, {kFirst, both}, 1);
  connection.execute("INSERT INTO one VALUES (1)");
  auto rows = connection.query("SELECT COUNT(*) FROM two");
  rows.next();
  EXPECT_EQ(rows.integer(), 2);
}

// Whether it came to its end.
bool migrateInAProcess(const TestDatabase& database, int kill_before) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto opened = database.connect();
    Dying dying(*opened, kill_before);
    migrate(dying, migrations(dying.dialect().engine), 1);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0) << status;
  return !WIFSIGNALED(status);
}

// Tables and indexes.
std::int64_t objects(Connection& connection) {
  auto rows =
      connection.dialect().engine == "sqlite"
          ? connection.query("SELECT COUNT(*) FROM sqlite_schema WHERE tbl_name <> 'schema_migrations'")
          : connection.query(
                "SELECT (SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> "
                "'schema_migrations') + (SELECT COUNT(*) FROM pg_indexes WHERE schemaname = 'public' "
                "AND tablename <> 'schema_migrations')");
  rows.next();
  return rows.integer();
}

int newest(Connection& connection) {
  int applied = 0;
  for (const auto& step : migrationStates(connection, migrations(connection.dialect().engine)))
    if (step.applied_at != 0) applied = step.number;
  return applied;
}

// Each statement takes a process and its connection: over a network only the long run has them all.
int killsStride() {
  const bool long_run = std::getenv("REDFLAG_STORE_KILLS") != nullptr;
  return std::getenv("REDFLAG_TEST_POSTGRES") == nullptr || long_run ? 1 : 7;
}

TEST(Migrations, E7_killed_before_each_statement_the_schema_is_old_or_new) {
  std::map<int, std::int64_t> whole;  // objects after that many steps
  {
    const TestDatabase undisturbed(TestDatabase::With::kNothing);
    const auto connection = undisturbed.connect();
    std::vector<Migration> steps;
    whole[0] = objects(*connection);
    for (const auto& step : migrations(connection->dialect().engine)) {
      steps.push_back(step);
      migrate(*connection, steps, 1);
      whole[step.number] = objects(*connection);
    }
  }
  const TestDatabase database(TestDatabase::With::kNothing);
  const int stride = killsStride();
  int killed = 0;
  int applied = 0;
  for (int before = 0; !migrateInAProcess(database, before); before += stride, ++killed) {
    const auto connection = database.connect();
    const int now = newest(*connection);
    ASSERT_EQ(objects(*connection), whole.at(now)) << "killed before " << before << " in schema " << now;
    ASSERT_GE(now, applied);
    if (now > applied) before = 0;
    applied = now;
  }
  EXPECT_GT(killed, 50 / stride);
  const auto connection = database.connect();
  EXPECT_EQ(objects(*connection), whole.rbegin()->second);
}

TEST(Migrations, both_engines_have_the_same_steps) {
  const auto& sqlite = migrations("sqlite");
  const auto& postgres = migrations("postgres");
  ASSERT_GT(sqlite.size(), 0U);
  ASSERT_EQ(sqlite.size(), postgres.size());
  for (std::size_t i = 0; i < sqlite.size(); ++i) {
    EXPECT_EQ(sqlite[i].number, static_cast<int>(i) + 1);
    EXPECT_EQ(sqlite[i].number, postgres[i].number);
    EXPECT_EQ(sqlite[i].name, postgres[i].name);
  }
}

// Each table's key column by column.
std::map<std::string, std::vector<std::string>> keys(Connection& connection) {
  std::map<std::string, std::vector<std::string>> keys;
  auto rows =
      connection.dialect().engine == "sqlite"
          ? connection.query(
                "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
                "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.pk > 0 "
                "ORDER BY t.name, c.pk")
          : connection.query(
                "SELECT table_name, column_name FROM information_schema.key_column_usage "
                "JOIN information_schema.table_constraints USING (table_schema, constraint_name, table_name) "
                "WHERE constraint_type = 'PRIMARY KEY' AND table_schema = 'public' ORDER BY "
                "table_name, ordinal_position");
  while (rows.next()) {
    const std::string table = rows.text();
    keys[table].push_back(rows.text());
  }
  return keys;
}

// Tables that grow with the fleet can be sharded by client: their key begins with it.
TEST(Schema, leads_every_large_tables_key_with_the_client) {
  const TestDatabase database;
  database.open();
  const auto connection = database.connect();
  const auto all = keys(*connection);
  const std::set<std::string> small = {
      "meta",        "users",       "user_grants",      "sessions", "second_factors",    "recovery_codes",
      "api_tokens",  "answers",     "pending_sign_ins", "outbox",   "schema_migrations", "audit",
      "audit_chain", "rate_limits", "second_person",    "servers"};
  EXPECT_GT(all.size(), 20U);
  for (const auto& [table, key] : all) {
    if (small.contains(table)) continue;
    EXPECT_EQ(key.front(), "client_id") << table;
  }
}

TEST(Schema, sorts_and_folds_texts_by_bytes_and_ascii_alone) {
  const TestDatabase database;
  database.open();
  const auto connection = database.connect();
  for (const char* name : {"b", "B", "a", "_", "\xc3\x84", "\xc3\xa4", "Z"})
    connection->execute("INSERT INTO meta (key, value) VALUES (?, ?)", name, name);
  std::string order;
  for (auto rows = connection->query("SELECT key FROM meta ORDER BY key"); rows.next();)
    order += rows.text();
  EXPECT_EQ(order, "BZ_ab\xc3\x84\xc3\xa4");
  std::string folded;
  for (auto rows = connection->query("SELECT lower(key) FROM meta ORDER BY lower(key), key"); rows.next();)
    folded += rows.text();
  EXPECT_EQ(folded, "_abbz\xc3\x84\xc3\xa4");
}

}  // namespace
}  // namespace redflag::store::sql
