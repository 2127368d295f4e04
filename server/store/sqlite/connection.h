#pragma once
// One connection to the database file, with its prepared statements.
//
// Poco::Data::SQLite opens and owns the connection. Statements are SQLite's own, prepared once and kept:
// Poco 1.11 would prepare each anew and binds by reference, and a merge runs thousands of them. Not
// thread-safe: one thread at a time.

#include <Poco/Data/Session.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/message.h"
#include "store/sql/connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace redflag::store::sqlite {

// How long a statement waits for another process's lock.
constexpr int kBusyTimeoutMs = 5000;

// Makes an empty file that only this process's user can read, where there is none. http::Problem when it
// cannot.
void createPrivately(const std::filesystem::path& file);

// A database file that this process is about to use, made and looked at if it is the first to. Closing any
// descriptor of a file drops all of a process's POSIX locks on it (sqlite.org/howtocorrupt.html, 2.2):
// SQLite's as well, and another process would then take itself for the last one and delete the log under us.
// So nobody but SQLite opens the file while a connection to it is open.
class DatabaseFile {
 public:
  explicit DatabaseFile(const std::filesystem::path& file);
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;
  ~DatabaseFile();

 private:
  std::string name_;
};

class Connection : public sql::Connection {
 public:
  enum class Role { kWriter, kReader };
  // Throws http::Problem; refuses a file that is no SQLite database before SQLite sees it.
  Connection(const std::filesystem::path& file, Role role, int busy_timeout_ms = kBusyTimeoutMs);
  ~Connection() override;

  const sql::Dialect& dialect() const override;
  void demandAlone() override {}  // every writer is
  sql::Rows queryValues(std::string_view sql, const std::vector<sql::Value>& values) override;
  void settle() override {}
  void script(std::string_view sql) override;
  // IMMEDIATE for writing. Poco's own begin() is DEFERRED, which fails under contention as soon as it wants
  // to write.
  void begin(sql::Access access) override;
  void commit() override;
  void rollBack() noexcept override;

  // One picture of the database, page by page, into a file that is there and empty, while others write.
  void copyTo(const std::filesystem::path& file);

  // Throws when the transaction that was begun cannot be committed any more, with what ended it: the disk
  // failed, or SQLite rolled back by itself, whatever the callback made of that. Statements do the same, or
  // they would be transactions of their own.
  void requireTransaction() const;

 protected:
  int executeValues(std::string_view sql, const sql::Value* values, std::size_t count) override;
  void postValues(std::string_view sql, const sql::Value* values, std::size_t count) override;

 private:
  class RunningQuery;
  sqlite3_stmt* take(std::string_view sql);
  void giveBack(std::string_view sql, sqlite3_stmt* statement) noexcept;
  void bind(sqlite3_stmt* statement, const sql::Value* values, std::size_t count, bool copy);
  [[noreturn]] void fail(int code, std::string_view doing);

  DatabaseFile file_;  // before the session
  Poco::Data::Session session_;
  sqlite3* handle_;
  bool in_transaction_ = false;
  std::optional<http::Problem> ended_by_;  // the transaction
  // Idle statements by text; one that is running has been taken out.
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;
};

// The exception a failed SQLite call becomes.
[[noreturn]] void throwSqliteError(sqlite3* handle, int code, std::string_view doing);

}  // namespace redflag::store::sqlite
