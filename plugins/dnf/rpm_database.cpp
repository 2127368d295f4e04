#include "rpm_database.h"

#include <algorithm>
#include <filesystem>

namespace redflag::dnf {

std::vector<std::string> rpmDatabaseFiles(const Settings& settings) {
  std::vector<std::string> files;
  for (const auto* name : {"rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages", "Packages.db"})
    files.push_back(settings.inRoot("/var/lib/rpm/") + name);
  return files;
}

bool hasRpmDatabase(const Settings& settings) {
  const auto files = rpmDatabaseFiles(settings);
  return std::any_of(files.begin(), files.end(), [](const std::string& file) {
    std::error_code error;
    return std::filesystem::exists(file, error);
  });
}

std::string rpmLockFile(const Settings& settings) {
  return settings.inRoot("/var/lib/rpm/.rpm.lock");
}

}  // namespace redflag::dnf
