#pragma once
// A database of its own for each test, on the engine this run is about: SQLite, or the PostgreSQL whose
// socket's folder REDFLAG_TEST_POSTGRES names (tests/support/postgres), perhaps through a pooler. Gone with
// the test.

#include <memory>
#include <string>

#include "base/time.h"
#include "store/open.h"
#include "store/sql/connection.h"
#include "support/folder.h"

namespace redflag::testing {

class TestDatabase {
 public:
  enum class With { kSchema, kNothing };
  explicit TestDatabase(With with = With::kSchema);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // May be called again: another server on the same database.
  std::unique_ptr<store::Store> open(const Clock& clock = systemClock()) const {
    return store::openStore(where_, clock);
  }
  // One connection, without any schema being brought up to date.
  std::unique_ptr<store::sql::Connection> connect() const;
  // Every byte that is stored.
  std::string contents() const;
  const std::string& url() const { return where_.url; }  // "" for SQLite

 private:
  Folder folder_;
  store::Database where_;
  std::string name_;
};

// A database on that PostgreSQL, as whoever may do anything.
std::string postgresUrl(const std::string& database);
std::string postgresSocket();

}  // namespace redflag::testing
