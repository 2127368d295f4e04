#include "store/move.h"

#include <algorithm>

#include "http/message.h"
#include "store/postgres/connection.h"
#include "store/postgres/postgres_store.h"
#include "store/sql/migrations.h"
#include "store/sql/scope.h"
#include "store/sqlite/connection.h"

namespace redflag::store {
namespace {

using sql::Access;
using sql::Scope;
using sql::Table;
using sql::TableDigest;

// Each engine has its own.
constexpr std::string_view kNotMoved = "schema_migrations";

void requireCurrent(sql::Connection& from) {
  for (const auto& step : sql::migrationStates(from, sql::migrations(from.dialect().engine))) {
    if (step.applied_at != 0) continue;
    throw http::Problem{
        409, "store.pending_steps",
        "the database's schema is older than this program: run `redflag-server migrate` first", "", 0};
  }
}

// Of the server: its first client was made with it.
std::string identityOf(sql::Connection& from) {
  auto rows = from.query("SELECT MIN(client_id) FROM clients");
  return rows.next() ? rows.text() : "";
}

// Marks an empty database as one that is being filled; one that this server is being moved to stays as it is.
// Held by the session: gone with it, however that ends.
void lockOut(sql::Connection& to) {
  constexpr std::int64_t kMoves = 0x7265'646d'6f76'6500;
  auto rows = to.query("SELECT CASE WHEN pg_try_advisory_lock(?) THEN 1 ELSE 0 END", kMoves);
  if (rows.next() && rows.integer() == 1) return;
  throw http::Problem{409, "store.move_running",
                      "another move to this database is under way: let it end, or end it", "", 0};
}

void claim(sql::Connection& to, const std::string& identity) {
  Scope transaction(to, Access::kSchema);
  if (to.query("SELECT 1 WHERE to_regclass('unfinished_move') IS NOT NULL").next()) {
    if (to.query("SELECT 1 FROM unfinished_move WHERE table_name = '' AND sha256 = ?", identity).next())
      return;
    throw http::Problem{
        409, "store.not_empty",
        "an unfinished move of another server is in the database at that URL: name one that was just "
        "created",
        "", 0};
  }
  auto rows = to.query(
      "SELECT relname FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) LIMIT 1");
  if (rows.next()) {
    throw http::Problem{409, "store.not_empty",
                        "the database at that URL is not empty (it holds " + rows.text() +
                            "): name one that was just created",
                        "", 0};
  }
  to.script(
      "CREATE TABLE unfinished_move (table_name TEXT COLLATE \"C\" PRIMARY KEY, row_count BIGINT NOT NULL, "
      "sha256 TEXT "
      "COLLATE \"C\" NOT NULL)");
  to.execute("INSERT INTO unfinished_move (table_name, row_count, sha256) VALUES ('', 0, ?)", identity);
  transaction.commit();
}

bool isThere(sql::Connection& to, const TableDigest& told) {
  return to
      .query("SELECT 1 FROM unfinished_move WHERE table_name = ? AND row_count = ? AND sha256 = ?",
             told.table, told.rows, told.sha256)
      .next();
}

// From `first` on: what comes later refers to it.
void empty(sql::Connection& to, const std::vector<Table>& tables, std::size_t first) {
  std::string names;
  for (std::size_t i = first; i < tables.size(); ++i)
    names += (names.empty() ? "\"" : ", \"") + tables[i].name + '"';
  Scope transaction(to, Access::kSchema);
  to.script("TRUNCATE " + names);
  for (std::size_t i = first; i < tables.size(); ++i)
    to.execute("DELETE FROM unfinished_move WHERE table_name = ?", tables[i].name);
  transaction.commit();
}

void copy(sql::Connection& from, sql::Connection& to, const Table& table, const TableDigest& told) {
  Scope transaction(to, Access::kWrite);
  sql::copyTable(from, to, table);
  to.execute("INSERT INTO unfinished_move (table_name, row_count, sha256) VALUES (?, ?, ?)", told.table,
             told.rows, told.sha256);
  transaction.commit();
}

void compare(sql::Connection& from, sql::Connection& to, const Table& table, const TableDigest& told) {
  const Scope snapshot(to, Access::kRead);
  const TableDigest found = sql::digestOf(to, table);
  if (found == told) return;
  throw http::Problem{500, "store.differs",
                      "table " + table.name + ": " + std::to_string(told.rows) + " rows were to be moved, " +
                          std::to_string(found.rows) + " are there; the first that differs is " +
                          sql::firstDifference(from, to, table),
                      "", 0};
}

// The numbers that PostgreSQL gives out by itself go on where SQLite's ended, also where the newest rows are
// gone.
void finish(sql::Connection& from, sql::Connection& to) {
  auto newest = from.query("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'");
  const std::int64_t next = (newest.next() ? newest.integer() : 0) + 1;
  Scope transaction(to, Access::kSchema);
  to.query("SELECT setval(pg_get_serial_sequence('outbox', 'seq'), ?, false)", next);
  to.script("DROP TABLE unfinished_move; ANALYZE");
  transaction.commit();
}

std::vector<TableDigest> move(sql::Connection& from, sql::Connection& to,
                              const std::function<void(const MoveProgress&)>& done) {
  const Scope snapshot(from, Access::kRead);
  auto tables = sql::tablesOf(from);
  std::erase_if(tables, [](const Table& table) { return table.name == kNotMoved; });
  std::vector<TableDigest> told;
  bool as_before = true;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    told.push_back(sql::digestOf(from, tables[i]));
    if (as_before && !isThere(to, told[i])) {
      as_before = false;
      empty(to, tables, i);
    }
    if (!as_before) copy(from, to, tables[i], told[i]);
    done({told[i], as_before});
  }
  for (std::size_t i = 0; i < tables.size(); ++i)
    compare(from, to, tables[i], told[i]);
  finish(from, to);
  return told;
}

}  // namespace

std::vector<TableDigest> moveToPostgres(const std::filesystem::path& file, const std::string& url,
                                        const std::function<void(const MoveProgress&)>& done,
                                        const Clock& clock) {
  if (!std::filesystem::exists(file))
    throw http::Problem{404, "store.missing", file.string() + ": there is no database to move", "", 0};
  postgres::checkUrl(url);
  sqlite::Connection from(file, sqlite::Connection::Role::kReader);
  requireCurrent(from);
  postgres::Connection to(url);
  postgres::checkDatabase(to);
  try {
    lockOut(to);
    claim(to, identityOf(from));
    sql::migrate(to, sql::migrations(to.dialect().engine), clock.epochNs());
    return move(from, to, done);
  } catch (const postgres::RunAgain&) {
    throw http::Problem{503, "store.busy", "somebody else uses the database there; run the move again", "",
                        5};
  }
}

}  // namespace redflag::store
