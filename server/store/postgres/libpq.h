#pragma once
// libpq's handles as owners, how a connection is made, and what its errors become.

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>

namespace redflag::store::postgres {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Handle = std::unique_ptr<PGconn, FinishConnection>;
using Result = std::unique_ptr<PGresult, ClearResult>;

// http::Problem 400 "store.bad_url" for what is no postgresql:// URL. The text never repeats any of it: a
// password may be in it.
void checkUrl(const std::string& url);
bool hasPassword(const std::string& url);

// Connects within connect_timeout (5 s unless the URL says otherwise); libpq takes TLS (sslmode, sslrootcert
// …), PGPASSFILE and several hosts from the URL and the environment. http::Problem 503 "store.unavailable".
Handle connect(const std::string& url);

bool good(const PGresult* result);
// Of a connection that is in no pipeline. http::Problem 503 "store.unavailable".
Result ask(PGconn* connection, const char* sql);

// Thrown through a transaction's callback when it met another one and must be run again from its beginning:
// nobody was told anything, and nothing of it is stored. No std::exception, so that nobody takes it for an
// answer.
struct RunAgain {
  bool alone = false;  // then it knows for certain
};

// What an error with this SQLSTATE becomes; `doing` is the statement. A unique violation is RunAgain unless
// `alone`: two writers that both looked before they inserted are told so by the key first, and the second run
// sees what the other did.
[[noreturn]] void throwPostgresError(std::string_view sqlstate, const std::string& message,
                                     std::string_view doing, bool alone);

// The connection is gone, and the transaction with it.
[[noreturn]] void throwLost(const std::string& message);
// It went while the server was committing.
[[noreturn]] void throwOutcomeUnknown();

}  // namespace redflag::store::postgres
