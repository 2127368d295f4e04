// The list of steps is one, and each engine takes it the same way.
#include "store/sql/migrations.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "http/message.h"
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
  const std::set<std::string> small = {"meta", "users", "sessions", "answers", "outbox", "schema_migrations"};
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
