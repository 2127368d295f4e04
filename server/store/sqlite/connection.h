#pragma once
// One connection to the database file, with its prepared statements.
//
// Poco::Data::SQLite opens and owns the connection. Statements are SQLite's own, prepared once and kept:
// Poco 1.11 would prepare each anew and binds by reference, and a merge runs thousands of them. Not
// thread-safe: one thread at a time.

#include <Poco/Data/Session.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace redflag::store::sqlite {

struct Blob {
  std::string_view bytes;
};

// A parameter. Texts are views: they live as long as the call that takes them.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

inline Value toValue(std::nullptr_t) {
  return nullptr;
}
inline Value toValue(std::int64_t value) {
  return value;
}
inline Value toValue(int value) {
  return static_cast<std::int64_t>(value);
}
inline Value toValue(std::size_t value) {
  return static_cast<std::int64_t>(value);
}
inline Value toValue(bool value) {
  return static_cast<std::int64_t>(value ? 1 : 0);
}
inline Value toValue(double value) {
  return value;
}
inline Value toValue(const char* value) {
  return std::string_view(value);
}
inline Value toValue(const std::string& value) {
  return std::string_view(value);
}
inline Value toValue(std::string_view value) {
  return value;
}
inline Value toValue(Blob value) {
  return value;
}
inline Value toValue(const Value& value) {
  return value;
}
inline Value toValue(const std::optional<std::int64_t>& value) {
  return value ? Value(*value) : Value(nullptr);
}
inline Value toValue(const std::optional<bool>& value) {
  return value ? toValue(*value) : Value(nullptr);
}

// How long a statement waits for another process's lock.
constexpr int kBusyTimeoutMs = 5000;

// Makes an empty file that only this process's user can read, where there is none. http::Problem when it
// cannot.
void createPrivately(const std::filesystem::path& file);

class Connection;

// The rows of a running query, one at a time; columns are read from left to right. Ends the query when it
// goes.
class Rows {
 public:
  Rows(Connection& connection, sqlite3_stmt* statement, std::string_view sql);
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  bool next();
  std::int64_t integer();
  double real();
  bool boolean() { return integer() != 0; }
  std::string text();
  std::string blob();
  std::optional<std::int64_t> optionalInteger();
  std::optional<bool> optionalBoolean();

 private:
  Connection& connection_;
  sqlite3_stmt* statement_;
  std::string_view sql_;
  int column_ = 0;
};

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

class Connection {
 public:
  enum class Role { kWriter, kReader };
  // Throws http::Problem; refuses a file that is no SQLite database before SQLite sees it.
  Connection(const std::filesystem::path& file, Role role, int busy_timeout_ms = kBusyTimeoutMs);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // `sql` must be a literal or outlive the connection's next use: statements are kept by their text.
  template <class... Args>
  Rows query(std::string_view sql, const Args&... arguments) {
    return queryValues(sql, {toValue(arguments)...});
  }
  Rows queryValues(std::string_view sql, const std::vector<Value>& values);

  // Answers how many rows were changed.
  template <class... Args>
  int execute(std::string_view sql, const Args&... arguments) {
    const Value values[] = {toValue(arguments)..., nullptr};
    return executeValues(sql, values, sizeof...(Args));
  }
  // Statements without parameters or rows, run one after another. The error names the statement.
  void script(std::string_view sql);

 private:
  friend class Rows;
  int executeValues(std::string_view sql, const Value* values, std::size_t count);
  sqlite3_stmt* take(std::string_view sql);
  void giveBack(std::string_view sql, sqlite3_stmt* statement) noexcept;
  void bind(sqlite3_stmt* statement, const Value* values, std::size_t count, bool copy);

  DatabaseFile file_;  // before the session
  Poco::Data::Session session_;
  sqlite3* handle_;
  // Idle statements by text; one that is running has been taken out.
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;
};

// The exception a failed SQLite call becomes.
[[noreturn]] void throwSqliteError(sqlite3* handle, int code, std::string_view doing);

}  // namespace redflag::store::sqlite
