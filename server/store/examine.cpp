#include "store/examine.h"

#include "http/message.h"
#include "store/postgres/connection.h"
#include "store/postgres/libpq.h"
#include "store/sql/scope.h"
#include "store/sqlite/connection.h"

namespace redflag::store {
namespace {

constexpr int kProbeMs = 3'000;
constexpr std::size_t kMostDamage = 20;

std::int64_t sizeOf(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

void readDamage(sqlite::Connection& connection, Examination& out) {
  {
    auto rows = connection.query("PRAGMA integrity_check(20)");
    while (rows.next())
      if (std::string line = rows.text(); line != "ok") out.damage.push_back(std::move(line));
  }
  auto rows = connection.query("PRAGMA foreign_key_check");
  while (rows.next() && out.damage.size() < kMostDamage)
    out.damage.push_back("a row of " + rows.text() + " refers to one that is not there");
}

// As a writer would begin, and back again. PostgreSQL says how the beginning went only when it is asked for
// more.
void probeLock(sql::Connection& connection, Examination& out) {
  const std::int64_t began = monotonicNow();
  try {
    const sql::Scope never_committed(connection, sql::Access::kWrite);
    connection.query("SELECT 1").next();
  } catch (const http::Problem& problem) {
    if (problem.code != "store.busy") throw;
    out.locked = true;
  }
  out.lock_wait_ns = monotonicNow() - began;
}

Examination examineFile(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file))
    throw http::Problem{404, "store.missing", file.string() + ": there is no database"};
  Examination out;
  out.bytes = sizeOf(file);
  out.log_bytes = sizeOf(file.string() + "-wal");
  {
    sqlite::Connection reader(file, sqlite::Connection::Role::kReader, kProbeMs);
    try {
      readDamage(reader, out);
    } catch (const http::Problem& problem) {
      if (problem.code != "store.corrupt") throw;
      out.damage.push_back(problem.detail);
    }
  }
  if (!out.damage.empty()) return out;
  sqlite::Connection writer(file, sqlite::Connection::Role::kWriter, kProbeMs);
  probeLock(writer, out);
  return out;
}

Examination examineServer(const std::string& url) {
  postgres::checkUrl(url);
  postgres::Connection connection(url);
  Examination out;
  probeLock(connection, out);
  auto rows = connection.query(
      "SELECT pg_database_size(current_database()), "
      "COUNT(*) FILTER (WHERE wait_event_type = 'Lock' AND now() - query_start > interval '5 seconds'), "
      "COALESCE(MAX(EXTRACT(EPOCH FROM now() - xact_start) * 1000000000), 0)::bigint, "
      "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000000)::bigint "
      "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
  rows.next();
  out.bytes = rows.integer();
  out.waiting = rows.integer();
  out.oldest_ns = rows.integer();
  out.ahead_ns = rows.integer() - epochNow();
  return out;
}

}  // namespace

Examination examine(const Database& database) {
  return database.url.empty() ? examineFile(database.file) : examineServer(database.url);
}

}  // namespace redflag::store
