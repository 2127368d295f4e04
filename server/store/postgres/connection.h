#pragma once
// One connection to PostgreSQL, always in libpq's pipeline mode.
//
// Statements. Where the session on the server is this connection's own, what comes again is prepared under a
// name (named_statements.h): parsing and planning is most of what our short statements cost. Where a pooler
// sits in between, which is found out when it connects, every one is sent as the protocol's *unnamed*
// prepared statement (PQsendQueryParams), and the same text again right behind it only binds anew
// (PQsendQueryPrepared ""): nothing on the server has a name or outlives its transaction, so that any pooler
// in transaction mode may be that one.
//
// Pipeline. post() sends without waiting; query(), execute() and commit() send, ask for a sync, and read
// every answer up to it. So BEGIN, its settings and the first statement are one round trip, a merge's
// thousands of rows a few, and the last writes travel with COMMIT: if one of them fails, the server skips the
// COMMIT. Nobody waits for the end of what has only read: the next one to use the connection finds its answer
// there.
//
// Isolation. Reading: REPEATABLE READ READ ONLY. Writing: two-phase locking with two locks, which promises
// what SQLite's single writer does, whatever a callback looks at before it writes. Each writer holds the lock
// of all writers, shared if it is the write of one owner, and then that owner's own lock as well; both until
// its end, and both are waited for. READ COMMITTED, so that each statement behind them sees what the ones
// before left. Not SERIALIZABLE: it locks what was read by pages of indexes, where the rows of many machines
// lie side by side, so that writers who have nothing in common break each other off, the more of them there
// are.
//
// Timeouts are the session's, or told by each transaction: a pooler does not keep what a session was told.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/libpq.h"
#include "store/postgres/named_statements.h"
#include "store/sql/connection.h"

namespace redflag::store::postgres {

class Connection : public sql::Connection {
 public:
  explicit Connection(const std::string& url);

  // The next write transactions are this owner's; "": the only ones, and a key that is taken is the caller's
  // error.
  void writeOf(std::string whose) { whose_ = std::move(whose); }

  // Idle, and not closed by the other side meanwhile. No round trip, but for the end of a read that has just
  // left.
  bool usable();
  // As far as is known without asking.
  bool mayStay() const;

  const sql::Dialect& dialect() const override;
  // Else RunAgain, for the next time to be alone.
  void demandAlone() override {
    if (!whose_.empty()) throw RunAgain{true};
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
  struct Sent {
    std::string beginning;  // of its text, for errors
    std::string prepares;   // the name under which this asks the server to keep it
  };
  void send(std::string_view sql, const sql::Value* values, std::size_t count);
  void prepare(NamedStatements::Statement& statement, std::string_view sql, const Oid* types, int count);
  // Reads what the posted statements were answered, throws what failed first, and answers the last result.
  Result finish();
  Result answers();
  void arrive();
  Result answerOf(const Sent& sent, Result& failed, std::string& failed_sql);
  [[noreturn]] void lose();

  Handle handle_;
  std::string whose_;
  bool lost_ = false;
  bool in_transaction_ = false;
  std::optional<RunAgain> broken_;  // must be run again, even if the callback has swallowed that
  bool reads_ = false;              // the transaction changes nothing
  bool leaving_ = false;            // its ROLLBACK is all that was sent, and nobody has read the answer
  bool committing_ = false;         // COMMIT may have reached the server
  bool own_session_ = false;        // nobody else's statements and settings are in it
  NamedStatements named_;
  std::string last_;        // the text that is the unnamed statement now
  std::vector<Sent> sent_;  // without an answer yet
};

}  // namespace redflag::store::postgres
