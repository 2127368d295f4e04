#pragma once
// From a file to PostgreSQL: every row of a SQLite database into an empty database there, and proof that it
// arrived.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/sql/tables.h"

namespace redflag::store {

struct MoveProgress {
  sql::TableDigest table;
  bool before = false;  // an earlier, unfinished move had copied it
};

// Copies `file`, on which no server may run and which is only read, into the database at `url`, a table a
// transaction. Broken off anywhere it goes on where it was when it is called again; what has changed in the
// file since is copied again. At the end each table's rows are counted and hashed on both sides. Until then
// the database there is marked as unfinished, and no server starts on it. `done` hears of each table when it
// is there. http::Problem: "store.missing", "store.pending_steps" (the file's schema is not this program's),
// "store.not_empty" (there is something else), "store.move_running" (another one moves to it),
// "store.unmovable_text" (names the row), "store.differs" (names the table and the first row that is not the
// same), and what store.h names.
std::vector<sql::TableDigest> moveToPostgres(const std::filesystem::path& file, const std::string& url,
                                             const std::function<void(const MoveProgress&)>& done,
                                             const Clock& clock = systemClock());

}  // namespace redflag::store
