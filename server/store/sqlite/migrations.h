#pragma once
// Numbered steps from an empty file to today's schema. Each runs in one transaction together with the record
// that it ran, so that the schema is always exactly between two of them.

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/sqlite/connection.h"

namespace redflag::store::sqlite {

struct Migration {
  int number = 0;
  std::string_view name;
  std::string_view sql;
};

// The files of migrations/, in order.
const std::vector<Migration>& migrations();

// Applies what is missing. Throws http::Problem, and leaves the database as it was, when a step fails (the
// text names the statement), when the database is newer than this program, or when a step was applied with
// another text.
void migrate(Connection& connection, const std::vector<Migration>& steps, std::int64_t now);

}  // namespace redflag::store::sqlite
