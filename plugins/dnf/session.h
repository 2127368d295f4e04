#pragma once
// libdnf's sack of one root: the rpm database, every repository whose metadata could be read, and what is
// filtered out of them. Nothing is fetched, nothing is written.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "configuration.h"
#include "filters.h"
#include "handles.h"
#include "problem.h"
#include "settings.h"

namespace redflag::dnf {

// A repository, or a file of them, as a scope.
struct Source {
  std::string key;
  std::optional<Problem> problem;  // why its rows are not the whole truth
  std::int64_t refreshed_at = 0;   // seconds since the epoch; 0: never
};

// Lists of all files are large, and only needed to find out whether a dependency on a file can be met.
enum class FileLists { kLeftOut, kLoaded };

class Session {
 public:
  // Repositories that cannot be read are named by sources(); everything else goes on. Without an rpm database
  // or a readable dnf.conf nothing does.
  static Result<std::unique_ptr<Session>> open(const Settings& settings, FileLists file_lists);
  // dnf.conf and the repositories of the installed release, whatever was fetched of them.
  static Result<Configuration> configurationOf(const Settings& settings);
  // The installed packages alone.
  static Result<std::unique_ptr<Session>> openDatabase(const Settings& settings);

  DnfSack* sack() const { return sack_.get(); }
  const Configuration& configuration() const { return configuration_; }
  const std::vector<Source>& sources() const { return sources_; }
  const Filters& filters() const { return *filters_; }
  // Its modules.yaml, or "".
  std::string modulesOf(const std::string& repository) const;

 private:
  Session() = default;
  Result<> openSack(const Settings& settings);
  void load(const Repository& repository, FileLists file_lists);
  Result<> filter(const Settings& settings);
  Release installedRelease() const;

  Configuration configuration_;
  Sack sack_;
  std::vector<Source> sources_;
  std::map<std::string, std::string> modules_;
  std::optional<Filters> filters_;
};

}  // namespace redflag::dnf
