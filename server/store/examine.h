#pragma once
// How a database is, for people who wonder. Nothing is changed; a server may be at work on it.

#include <cstdint>
#include <string>
#include <vector>

#include "store/open.h"

namespace redflag::store {

struct Examination {
  std::vector<std::string> damage;  // what the engine finds wrong, at most 20 lines; PostgreSQL is not asked
  std::int64_t bytes = 0;
  std::int64_t log_bytes = 0;  // SQLite's write-ahead log
  bool locked = false;  // nobody could begin to write for 3 s; with PostgreSQL as long as a writer waits
  std::int64_t lock_wait_ns = 0;  // until a transaction could begin to write
  std::int64_t waiting = 0;       // PostgreSQL: sessions that have waited for a lock for longer than 5 s
  std::int64_t oldest_ns = 0;     // PostgreSQL: age of the oldest transaction that is open
  std::int64_t ahead_ns = 0;      // PostgreSQL: by how much its machine's clock is ahead of this one's
};

// http::Problem when it is not there or cannot be read at all.
Examination examine(const Database& database);

}  // namespace redflag::store
