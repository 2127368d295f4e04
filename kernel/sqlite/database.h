#pragma once
// SQLite for what the agent must not lose (spool, journals): every commit survives power loss. A thin layer
// over the C API: statements and transactions end by themselves, errors are Results that name the file and
// the step. One thread at a time.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace redflag::kernel::sqlite {

// One prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t number);
  // True: there is a row. False: done.
  Result<bool> step();
  // step() of a statement without rows.
  Result<> run();
  // For the next use with other parameters.
  void reset();

  // Of the row that step() stood on; text is copied out.
  std::string text(int column) const;
  std::int64_t integer(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

class Database {
 public:
  // Makes the file (0600) if there is none. Write-ahead log, synchronous=FULL, five seconds of patience for
  // another process. kCorrupt: it is damaged or no database at all; nothing was changed.
  static Result<Database> open(const std::filesystem::path& file);

  Result<Statement> prepare(std::string_view sql);
  // Statements without parameters and rows, separated by semicolons.
  Result<> execute(const std::string& sql);
  // The first column of the first row.
  Result<std::int64_t> number(std::string_view sql);
  // Rows that the last statement changed.
  std::int64_t changes() const;
  // What was deleted leaves room inside the file: gives it back to the file system once it is a megabyte.
  // Outside of a transaction.
  Result<> giveBackSpace();

 private:
  friend class Transaction;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(sqlite3* handle, std::filesystem::path file) : handle_(handle), file_(std::move(file)) {}
  std::unique_ptr<sqlite3, Close> handle_;
  std::filesystem::path file_;
};

// BEGIN IMMEDIATE … COMMIT; rolled back when it goes without commit().
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// Renames a damaged database and its companions to "<file>.corrupt-<seconds since the epoch>" and answers
// that name.
Result<std::filesystem::path> moveAside(const std::filesystem::path& file);

}  // namespace redflag::kernel::sqlite
