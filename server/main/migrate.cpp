#include <iostream>
#include <nlohmann/json.hpp>

#include "base/time.h"
#include "main/commands.h"
#include "main/data_folder.h"
#include "main/database.h"
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

}  // namespace

void migrate(const MigrateOptions& options) {
  const DataFolder data = DataFolder::open(options.data);
  const Settings settings = readSettings(data.settings());
  if (options.status) {
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
