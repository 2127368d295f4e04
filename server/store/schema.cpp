#include "store/schema.h"

#include "http/message.h"
#include "store/postgres/connection.h"
#include "store/postgres/libpq.h"
#include "store/sqlite/connection.h"

namespace redflag::store {
namespace {

std::unique_ptr<sql::Connection> connect(const Database& database, sqlite::Connection::Role role) {
  if (database.url.empty()) return std::make_unique<sqlite::Connection>(database.file, role);
  postgres::checkUrl(database.url);
  return std::make_unique<postgres::Connection>(database.url);
}

// Opening it would make it.
bool missing(const Database& database) {
  return database.url.empty() && !std::filesystem::exists(database.file);
}

}  // namespace

std::vector<sql::MigrationState> schemaSteps(const Database& database) {
  const auto& steps = sql::migrations(database.url.empty() ? "sqlite" : "postgres");
  if (missing(database)) {
    std::vector<sql::MigrationState> pending;
    for (const auto& step : steps)
      pending.push_back({step.number, std::string(step.name)});
    return pending;
  }
  const auto connection = connect(database, sqlite::Connection::Role::kReader);
  return sql::migrationStates(*connection, steps);
}

std::vector<sql::MigrationState> trySchemaSteps(const Database& database, const Clock& clock) {
  if (missing(database)) {
    throw http::Problem{404, "store.missing",
                        database.file.string() + ": there is no database yet that could be tried on"};
  }
  const auto connection = connect(database, sqlite::Connection::Role::kWriter);
  return sql::tryMigrations(*connection, sql::migrations(connection->dialect().engine), clock.epochNs());
}

}  // namespace redflag::store
