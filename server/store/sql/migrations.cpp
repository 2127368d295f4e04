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

void checkApplied(Connection& connection, const Migration& step) {
  auto rows = connection.query("SELECT checksum FROM schema_migrations WHERE number = ?", step.number);
  if (rows.next() && rows.text() == checksumOf(step)) return;
  throw http::Problem{
      500, "store.schema_differs",
      "migration " + std::to_string(step.number) + " (" + std::string(step.name) +
          ") was applied to this database with another text: it was made by a different build",
      "", 0};
}

void apply(Connection& connection, const Migration& step, std::int64_t now) {
  try {
    Scope transaction(connection, Access::kSchema);
    // Another server may have been quicker.
    if (newestApplied(connection) >= step.number) return checkApplied(connection, step);
    connection.script(step.sql);
    connection.execute(
        "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)", step.number,
        step.name, checksumOf(step), now);
    transaction.commit();
  } catch (http::Problem& problem) {
    problem.detail =
        "migration " + std::to_string(step.number) + " (" + std::string(step.name) + "): " + problem.detail;
    throw;
  }
}

}  // namespace

void migrate(Connection& connection, const std::vector<Migration>& steps, std::int64_t now) {
  {
    Scope transaction(connection, Access::kSchema);
    connection.script(connection.dialect().schema_migrations);
    transaction.commit();
  }
  const int applied = newestApplied(connection);
  const int known = steps.empty() ? 0 : steps.back().number;
  if (applied > known) {
    throw http::Problem{500, "store.newer_schema",
                        "this database has schema " + std::to_string(applied) + ", this server knows up to " +
                            std::to_string(known) +
                            ": it was used by a newer server; start that one, or restore a backup",
                        "", 0};
  }
  for (const Migration& step : steps) {
    if (step.number <= applied) {
      checkApplied(connection, step);
    } else {
      apply(connection, step, now);
    }
  }
}

}  // namespace redflag::store::sql
