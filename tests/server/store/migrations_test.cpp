#include "store/sql/migrations.h"

#include <gtest/gtest.h>

#include <set>

#include "http/message.h"
#include "store/sqlite/connection.h"
#include "support/folder.h"

namespace redflag::store::sql {
namespace {

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
  testing::Folder folder;
  sqlite::Connection connection(folder / "db", sqlite::Connection::Role::kWriter);
  migrate(connection, {kFirst}, 1);
  migrate(connection, {kFirst, kSecond}, 2);
  migrate(connection, {kFirst, kSecond}, 3);
  auto rows = connection.query("SELECT COUNT(*) FROM two");
  rows.next();
  EXPECT_EQ(rows.integer(), 1);
}

TEST(Migrations, one_that_fails_leaves_the_database_as_it_was_and_names_the_statement) {
  testing::Folder folder;
  sqlite::Connection connection(folder / "db", sqlite::Connection::Role::kWriter);
  migrate(connection, {kFirst}, 1);
  const Migration broken = {2, "broken", "CREATE TABLE three (c INTEGER); INSERT INTO nowhere VALUES (1);"};
  const auto problem = refusal(connection, {kFirst, broken});
  EXPECT_NE(problem.detail.find("broken"), std::string::npos) << problem.detail;
  EXPECT_NE(problem.detail.find("INSERT INTO nowhere"), std::string::npos) << problem.detail;
  EXPECT_THROW(connection.execute("SELECT * FROM three"), http::Problem);
  EXPECT_EQ(refusal(connection, {kFirst, kSecond}).status, 200);
}

TEST(Migrations, a_newer_database_is_refused_with_a_sentence) {
  testing::Folder folder;
  sqlite::Connection connection(folder / "db", sqlite::Connection::Role::kWriter);
  migrate(connection, {kFirst, kSecond}, 1);
  const auto problem = refusal(connection, {kFirst});
  EXPECT_EQ(problem.code, "store.newer_schema");
  EXPECT_NE(problem.detail.find("schema 2"), std::string::npos);
}

TEST(Migrations, one_that_was_applied_with_another_text_is_refused) {
  testing::Folder folder;
  sqlite::Connection connection(folder / "db", sqlite::Connection::Role::kWriter);
  migrate(connection, {kFirst}, 1);
  EXPECT_EQ(refusal(connection, {{1, "first", "CREATE TABLE other (a INTEGER);"}}).code,
            "store.schema_differs");
}

// Tables that grow with the fleet can be sharded by client: their key begins with it.
TEST(Migrations, lead_every_large_tables_key_with_the_client) {
  testing::Folder folder;
  sqlite::Connection connection(folder / "db", sqlite::Connection::Role::kWriter);
  migrate(connection, migrations("sqlite"), 1);
  std::vector<std::string> tables;
  {
    auto rows =
        connection.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    while (rows.next())
      tables.push_back(rows.text());
  }
  const std::set<std::string> small = {"meta", "users", "sessions", "answers", "outbox", "schema_migrations"};
  EXPECT_GT(tables.size(), 20U);
  for (const auto& table : tables) {
    if (small.contains(table)) continue;
    auto rows = connection.query("SELECT name FROM pragma_table_info(?) WHERE pk = 1", table);
    ASSERT_TRUE(rows.next()) << table;
    EXPECT_EQ(rows.text(), "client_id") << table;
  }
}

}  // namespace
}  // namespace redflag::store::sql
