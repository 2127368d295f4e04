#include "store/open.h"

#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace redflag::store {

std::unique_ptr<Store> openStore(const Database& database, const Clock& clock) {
  if (database.url.empty()) return std::make_unique<sqlite::SqliteStore>(database.file, clock);
  return std::make_unique<postgres::PostgresStore>(database.url, clock);
}

void checkUrl(const std::string& url) {
  postgres::checkUrl(url);
}

bool carriesPassword(const std::string& url) {
  return postgres::hasPassword(url);
}

}  // namespace redflag::store
