#include "main/database.h"

#include <sys/stat.h>

#include "base/log.h"
#include "http/message.h"

namespace redflag::server {
namespace {

void refuseOpenSecret(const std::filesystem::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) == 0 && (about.st_mode & 0077U) == 0) return;
  throw ConfigurationError(
      file.string() + ": database: it holds a password, and others can read the file; make it mode 0600");
}

void check(const std::string& name, const std::string& url) {
  try {
    store::checkUrl(url);
  } catch (const http::Problem& problem) {
    throw ConfigurationError(name + problem.detail);
  }
}

}  // namespace

void checkDatabaseOption(const std::string& url, const std::string& option) {
  if (!url.empty()) check(option + ": ", url);
}

store::Database databaseOf(const DataFolder& data, const Settings& settings, const std::string& option) {
  if (!option.empty()) {
    checkDatabaseOption(option);
    if (store::carriesPassword(option)) {
      spdlog::warn("--database: everybody on this machine can read the password in it; better put it into {}",
                   data.settings().string());
    }
    return {data.database(), option};
  }
  if (!settings.database.empty()) {
    const std::string name = data.settings().string() + ": database: ";
    check(name, settings.database);
    if (store::carriesPassword(settings.database)) refuseOpenSecret(data.settings());
  }
  return {data.database(), settings.database};
}

std::unique_ptr<store::Store> openDatabase(const DataFolder& data, const Settings& settings,
                                           const std::string& option) {
  return store::openStore(databaseOf(data, settings, option));
}

}  // namespace redflag::server
