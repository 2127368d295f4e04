#pragma once
// Numbered steps from an empty database to today's schema: one list for both engines, with a text for each.
// Each runs in one transaction together with the record that it ran, so that the schema is always exactly
// between two of them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/sql/connection.h"

namespace redflag::store::sql {

struct Migration {
  int number = 0;
  std::string_view name;
  std::string_view sql;
};

// The files migrations/NNNN_name.ENGINE.sql, in order.
const std::vector<Migration>& migrations(std::string_view engine);

// Applies what is missing. Throws http::Problem, and leaves the database as it was, when a step fails (the
// text names the statement), when the database is newer than this program, or when a step was applied with
// another text.
void migrate(Connection& connection, const std::vector<Migration>& steps, std::int64_t now);

struct MigrationState {
  int number = 0;
  std::string name;
  std::int64_t applied_at = 0;  // 0: pending
};

// Every step and whether it was applied. Changes nothing, and refuses what migrate() would refuse.
std::vector<MigrationState> migrationStates(Connection& connection, const std::vector<Migration>& steps);

// Carries the pending ones out in one transaction that is rolled back; answers which they were.
std::vector<MigrationState> tryMigrations(Connection& connection, const std::vector<Migration>& steps,
                                          std::int64_t now);

}  // namespace redflag::store::sql
