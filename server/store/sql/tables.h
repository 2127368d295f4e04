#pragma once
// Tables as they are, whatever they are for: to say what is in one as a single hash, and to copy one from an
// engine to the other.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/sql/connection.h"

namespace redflag::store::sql {

struct Column {
  std::string name;
  std::string type;  // INTEGER | REAL | TEXT | BLOB: SQLite's tables are STRICT, so that of every value
  bool key = false;
};

struct Table {
  std::string name;
  std::vector<Column> columns;
};

// Of a SQLite database, each behind those it refers to; without SQLite's own and those whose names begin with
// `archive_`.
std::vector<Table> tablesOf(Connection& sqlite);

// Every row in the order of the key, a page at a time: no more than that is in memory. Both engines order the
// same way.
class TableReader {
 public:
  TableReader(Connection& connection, const Table& table);

  // False at the end.
  bool next();
  // Of the row; until the next next().
  const std::vector<Value>& values() const { return values_; }

 private:
  void fetch();
  void take();

  Connection& connection_;
  const Table& table_;
  const std::string first_page_;
  const std::string next_page_;
  std::vector<Value> after_;  // the key of the row that was read last
  std::unique_ptr<Rows> page_;
  std::size_t left_ = 0;  // rows that the page may still have
  bool started_ = false;
  std::vector<std::string> bytes_;  // what values_ look at
  std::vector<Value> values_;
};

struct TableDigest {
  std::string table;
  std::int64_t rows = 0;
  std::string sha256;  // hex

  bool operator==(const TableDigest&) const = default;
};

// The same on both engines for the same rows: damage inside a value is no damage to an engine's own checks.
TableDigest digestOf(Connection& connection, const Table& table);

// Adds `from`'s rows to `to`'s, which has none; in a transaction of the caller's on each.
void copyTable(Connection& from, Connection& to, const Table& table);

// "(key, key)" of the first row that one has and the other has not, or has with other values; "" when there
// is none.
std::string firstDifference(Connection& one, Connection& other, const Table& table);

}  // namespace redflag::store::sql
