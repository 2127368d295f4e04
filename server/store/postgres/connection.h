#pragma once
// One connection to PostgreSQL, always in libpq's pipeline mode.
//
// Statements. Every one is sent as the protocol's *unnamed* prepared statement (PQsendQueryParams), and the
// same text again right behind it only binds anew (PQsendQueryPrepared ""). Nothing on the server has a name
// or outlives its transaction, so that any pooler in transaction mode may sit in between, nothing has to be
// cleaned up after an error, and a row of equal statements is still parsed and planned once.
//
// Pipeline. post() sends without waiting; query(), execute() and commit() send, ask for a sync, and read
// every answer up to it. So BEGIN, its settings and the first statement are one round trip, a merge's
// thousands of rows a few, and the last writes travel with COMMIT: if one of them fails, the server skips the
// COMMIT.
//
// Isolation. Reading: REPEATABLE READ READ ONLY. Writing: SERIALIZABLE, which promises what SQLite's single
// writer does, whatever a callback looks at before it writes; the price is that a transaction may have to be
// run again (RunAgain, postgres_store.h). Every writer holds a weak lock on one table; alone() makes the next
// ones wait for, and keep out, all others, so that the last tries cannot be disturbed. The lock is taken by
// LOCK TABLE because that comes before the snapshot; a SELECT that waits for an advisory lock would see the
// past.
//
// Timeouts are SET LOCAL by each transaction: a pooler does not keep what a session was told.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/libpq.h"
#include "store/sql/connection.h"

namespace redflag::store::postgres {

class Connection : public sql::Connection {
 public:
  explicit Connection(const std::string& url) : handle_(connect(url)) { PQenterPipelineMode(handle_.get()); }

  // The next write transactions are the only ones, and a key that is taken is the caller's error.
  void alone(bool alone) { alone_ = alone; }

  // Idle, and not closed by the other side meanwhile. No round trip.
  bool usable() const;

  const sql::Dialect& dialect() const override;
  // Else RunAgain, for the next time to be alone.
  void demandAlone() override {
    if (!alone_) throw RunAgain{true};
  }
  sql::Rows queryValues(std::string_view sql, const std::vector<sql::Value>& values) override;
  void settle() override { finish(); }
  void script(std::string_view sql) override;
  void begin(sql::Access access) override;
  void commit() override;
  void rollBack() noexcept override;

 protected:
  int executeValues(std::string_view sql, const sql::Value* values, std::size_t count) override;
  void postValues(std::string_view sql, const sql::Value* values, std::size_t count) override;

 private:
  void send(std::string_view sql, const sql::Value* values, std::size_t count);
  // Reads what the posted statements were answered, throws what failed first, and answers the last result.
  Result finish();
  Result answerOf(const std::string& sql, Result& failed, std::string& failed_sql);
  [[noreturn]] void lose();

  Handle handle_;
  bool alone_ = false;
  bool lost_ = false;
  bool in_transaction_ = false;
  std::optional<RunAgain> broken_;  // must be run again, even if the callback has swallowed that
  bool committing_ = false;         // COMMIT may have reached the server
  std::string last_;                // the text that is the unnamed statement now
  std::vector<std::string> sent_;   // beginnings of the statements without an answer yet, for errors
};

}  // namespace redflag::store::postgres
