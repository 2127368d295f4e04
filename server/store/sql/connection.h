#pragma once
// One connection to an engine, as the areas see it. They speak the SQL that both engines understand:
//
//   ?, ?N           placeholders, numbered as SQLite numbers them
//   COUNT(*) FILTER (WHERE …)   instead of a sum of conditions
//   CASE WHEN       instead of IIF; aliases for subqueries; no LIMIT -1
//   integers        for times and flags; texts compare byte by byte, lower() knows ASCII only
//
// What cannot be said in both is in Dialect, and nowhere else. Not thread-safe: one thread at a time. Errors
// are http::Problem, as store.h names them.

#include <string_view>
#include <vector>

#include "store/sql/rows.h"
#include "store/sql/value.h"

namespace redflag::store::sql {

struct Dialect {
  std::string_view engine;                 // "sqlite" | "postgres": which migrations
  std::string_view schema_migrations;      // makes the table of what was applied where it is missing
  std::string_view has_schema_migrations;  // one row where it is there, none where it is not
  // Until the transaction ends nobody takes the outbox for settled (Access::kSettled); "" where writers are
  // alone anyway.
  std::string_view lock_outbox;
  std::string_view joined;  // the aggregate of a text and what stands between two of them
  // Until the transaction ends an index is rather read from end to end than all rows sorted, as on a disk
  // that finds any page as fast as the next one; "" where nobody reckons with another.
  std::string_view by_index;
};

// kSettled is kRead while nobody is about to commit what he wrote to the outbox. kSchema is kWrite for
// migrations: alone among every server on the database, and it sees what the one before it did.
enum class Access { kRead, kSettled, kWrite, kSchema };

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  virtual const Dialect& dialect() const = 0;
  // Of a write transaction that has done nothing yet: returns only where nobody else writes beside it.
  virtual void demandAlone() = 0;

  // `sql` must be a literal or outlive the connection's next use: engines may keep statements by their text.
  template <class... Args>
  Rows query(std::string_view sql, const Args&... arguments) {
    return queryValues(sql, {toValue(arguments)...});
  }
  virtual Rows queryValues(std::string_view sql, const std::vector<Value>& values) = 0;

  // Answers how many rows were changed.
  template <class... Args>
  int execute(std::string_view sql, const Args&... arguments) {
    const Value values[] = {toValue(arguments)..., nullptr};
    return executeValues(sql, values, sizeof...(Args));
  }

  // A row of which nobody knows beforehand how many columns it has; so below.
  int executeAll(std::string_view sql, const std::vector<Value>& values) {
    return executeValues(sql, values.data(), values.size());
  }

  // The same where nobody asks how many: an engine behind a network sends a row of them without waiting for
  // each answer. Carried out in order, before the next query, execute or commit, which then throws what
  // failed.
  template <class... Args>
  void post(std::string_view sql, const Args&... arguments) {
    const Value values[] = {toValue(arguments)..., nullptr};
    postValues(sql, values, sizeof...(Args));
  }
  void postAll(std::string_view sql, const std::vector<Value>& values) {
    postValues(sql, values.data(), values.size());
  }
  // What was posted is carried out when it returns.
  virtual void settle() = 0;

  // Statements without parameters or rows, run one after another. The error names the statement.
  virtual void script(std::string_view sql) = 0;

  // A transaction: reading sees one unchanging picture. Use sql::Scope.
  virtual void begin(Access access) = 0;
  virtual void commit() = 0;
  virtual void rollBack() noexcept = 0;

 protected:
  virtual int executeValues(std::string_view sql, const Value* values, std::size_t count) = 0;
  virtual void postValues(std::string_view sql, const Value* values, std::size_t count) = 0;
};

}  // namespace redflag::store::sql
