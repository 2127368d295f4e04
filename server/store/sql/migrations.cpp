#include "store/sql/migrations.h"

#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "http/message.h"
#include "store/sql/scope.h"

namespace redflag::store::sql {
namespace {

int newestApplied(Connection& connection) {
  auto rows = connection.query("SELECT COALESCE(MAX(number), 0) FROM schema_migrations");
  rows.next();
  return static_cast<int>(rows.integer());
}

std::string checksumOf(const Migration& step) {
  return toHex(sha256(step.sql));
}

// When it was.
std::int64_t checkApplied(Connection& connection, const Migration& step) {
  auto rows =
      connection.query("SELECT checksum, applied_at FROM schema_migrations WHERE number = ?", step.number);
  if (rows.next() && rows.text() == checksumOf(step)) return rows.integer();
  throw http::Problem{
      500, "store.schema_differs",
      "migration " + std::to_string(step.number) + " (" + std::string(step.name) +
          ") was applied to this database with another text: it was made by a different build",
      "", 0};
}

void checkKnown(int applied, const std::vector<Migration>& steps) {
  const int known = steps.empty() ? 0 : steps.back().number;
  if (applied <= known) return;
  throw http::Problem{500, "store.newer_schema",
                      "this database has schema " + std::to_string(applied) + ", this server knows up to " +
                          std::to_string(known) +
                          ": it was used by a newer server; start that one, or restore a backup",
                      "", 0};
}

void run(Connection& connection, const Migration& step, std::int64_t now) {
  try {
    connection.script(step.sql);
    connection.execute(
        "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)", step.number,
        step.name, checksumOf(step), now);
  } catch (http::Problem& problem) {
    problem.detail =
        "migration " + std::to_string(step.number) + " (" + std::string(step.name) + "): " + problem.detail;
    throw;
  }
}

void apply(Connection& connection, const Migration& step, std::int64_t now) {
  Scope transaction(connection, Access::kSchema);
  // Another server may have been quicker.
  if (newestApplied(connection) >= step.number) {
    checkApplied(connection, step);
    return;
  }
  run(connection, step, now);
  transaction.commit();
}

// In a transaction of the caller's.
std::vector<MigrationState> states(Connection& connection, const std::vector<Migration>& steps) {
  const bool any = connection.query(connection.dialect().has_schema_migrations).next();
  const int applied = any ? newestApplied(connection) : 0;
  checkKnown(applied, steps);
  std::vector<MigrationState> out;
  for (const Migration& step : steps) {
    out.push_back(
        {step.number, std::string(step.name), step.number <= applied ? checkApplied(connection, step) : 0});
  }
  return out;
}

}  // namespace

void migrate(Connection& connection, const std::vector<Migration>& steps, std::int64_t now) {
  {
    Scope transaction(connection, Access::kSchema);
    connection.script(connection.dialect().schema_migrations);
    transaction.commit();
  }
  const int applied = newestApplied(connection);
  checkKnown(applied, steps);
  for (const Migration& step : steps) {
    if (step.number <= applied) {
      checkApplied(connection, step);
    } else {
      apply(connection, step, now);
    }
  }
}

std::vector<MigrationState> migrationStates(Connection& connection, const std::vector<Migration>& steps) {
  const Scope snapshot(connection, Access::kRead);
  return states(connection, steps);
}

std::vector<MigrationState> tryMigrations(Connection& connection, const std::vector<Migration>& steps,
                                          std::int64_t now) {
  const Scope never_committed(connection, Access::kSchema);
  connection.script(connection.dialect().schema_migrations);
  auto tried = states(connection, steps);
  std::erase_if(tried, [](const MigrationState& step) { return step.applied_at != 0; });
  for (const Migration& step : steps) {
    if (!tried.empty() && step.number >= tried.front().number) run(connection, step, now);
  }
  return tried;
}

}  // namespace redflag::store::sql
