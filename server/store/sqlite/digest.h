#pragma once
// What is in a table, as one hash: damage inside a value is no damage to SQLite's own checks.

#include <cstdint>
#include <string>
#include <vector>

#include "store/sql/connection.h"

namespace redflag::store::sqlite {

struct TableDigest {
  std::string table;
  std::int64_t rows = 0;
  std::string sha256;  // hex

  bool operator==(const TableDigest&) const = default;
};

// Of every table but SQLite's own and those whose names begin with `archive_`, by name.
std::vector<TableDigest> digests(sql::Connection& connection);

}  // namespace redflag::store::sqlite
