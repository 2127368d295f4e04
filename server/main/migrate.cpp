#include <iostream>
#include <nlohmann/json.hpp>

#include "base/time.h"
#include "main/commands.h"
#include "main/data_folder.h"
#include "main/database.h"
#include "store/move.h"
#include "store/schema.h"

namespace redflag::server {
namespace {

using Steps = std::vector<store::sql::MigrationState>;

bool pending(const store::sql::MigrationState& step) {
  return step.applied_at == 0;
}

void printJson(const Steps& steps) {
  auto list = nlohmann::json::array();
  for (const auto& step : steps) {
    list.push_back(
        {{"number", step.number},
         {"name", step.name},
         {"state", pending(step) ? "pending" : "applied"},
         {"applied_at", pending(step) ? nlohmann::json() : nlohmann::json(toRfc3339(step.applied_at))}});
  }
  std::cout << nlohmann::json{{"migrations", list}}.dump(2) << '\n';
}

void printText(const Steps& steps) {
  for (const auto& step : steps) {
    std::cout << step.number << "  " << step.name << "  "
              << (pending(step) ? "pending" : toRfc3339(step.applied_at)) << '\n';
  }
}

void print(const Steps& steps, const MigrateOptions& options) {
  options.format == "json" ? printJson(steps) : printText(steps);
}

// The same way `serve` does it: with every check of the database.
void apply(const DataFolder& data, const Settings& settings, const MigrateOptions& options) {
  const FolderLock lock(data);
  openDatabase(data, settings, options.database);
  print(store::schemaSteps(databaseOf(data, settings, options.database)), options);
}

void print(const std::vector<store::sql::TableDigest>& tables, const MigrateOptions& options,
           const DataFolder& data) {
  if (options.format == "json") {
    auto list = nlohmann::json::array();
    for (const auto& table : tables)
      list.push_back({{"table", table.table}, {"rows", table.rows}, {"sha256", table.sha256}});
    std::cout << nlohmann::json{{"moved", list}}.dump(2) << '\n';
    return;
  }
  std::cout << "Everything is there and the same. Let the server use it: in " << data.settings().string()
            << "\n  database: "
            << (store::carriesPassword(options.to_postgres) ? "the URL" : options.to_postgres) << '\n';
}

void moveAway(const DataFolder& data, const Settings& settings, const MigrateOptions& options) {
  const FolderLock lock(data);
  const store::Database from = databaseOf(data, settings, options.database);
  if (!from.url.empty())
    throw ConfigurationError("--to-postgres: this server's database is a PostgreSQL already");
  checkDatabaseOption(options.to_postgres, "--to-postgres");
  const auto tell = [&options](const store::MoveProgress& progress) {
    if (options.format != "text") return;
    std::cout << progress.table.table << ": " << progress.table.rows << " rows"
              << (progress.before ? ", there already\n" : "\n") << std::flush;
  };
  print(store::moveToPostgres(from.file, options.to_postgres, tell), options, data);
}

}  // namespace

void migrate(const MigrateOptions& options) {
  const DataFolder data = DataFolder::open(options.data);
  const Settings settings = readSettings(data.settings());
  if (!options.to_postgres.empty()) {
    moveAway(data, settings, options);
  } else if (options.status) {
    print(store::schemaSteps(databaseOf(data, settings, options.database)), options);
  } else if (options.dry_run) {
    const auto tried = store::trySchemaSteps(databaseOf(data, settings, options.database));
    if (tried.empty() && options.format == "text") std::cout << "nothing is pending\n";
    print(tried, options);
  } else {
    apply(data, settings, options);
  }
  if (!(std::cout << std::flush)) throw std::runtime_error("the list could not be written");
}

}  // namespace redflag::server
