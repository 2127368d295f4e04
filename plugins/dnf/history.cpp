#include "history.h"

#include <sqlite3.h>

#include <memory>

#include "handles.h"

namespace redflag::dnf {

std::int64_t newestTransaction(const Settings& settings) {
  sqlite3* open = nullptr;
  const auto file = settings.inRoot("/var/lib/dnf/history.sqlite");
  const int result = sqlite3_open_v2(file.c_str(), &open, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, Free<&sqlite3_close>> database(open);
  if (result != SQLITE_OK) return 0;
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(open, "SELECT max(id) FROM trans", -1, &prepared, nullptr) != SQLITE_OK) return 0;
  const std::unique_ptr<sqlite3_stmt, Free<&sqlite3_finalize>> statement(prepared);
  return sqlite3_step(prepared) == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : 0;
}

}  // namespace redflag::dnf
