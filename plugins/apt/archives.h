#pragma once
// The archives that sources.list names: which are there, which are not, and why. Each is a scope of the scan.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "problem.h"
#include "settings.h"

class pkgSourceList;

namespace redflag::apt {

struct Archive {
  // "deb.debian.org/debian-security bookworm-security": the same whoever publishes it under which name, and
  // known even when nothing of it was ever fetched. Without user and password.
  std::string key;
  std::optional<Problem> problem;  // why its rows are not the whole truth
  std::int64_t valid_until = 0;    // seconds since the epoch; 0: for ever
};

// `now` in seconds since the epoch.
std::vector<Archive> readArchives(pkgSourceList& sources, const Settings& settings, std::int64_t now);

// When the archives were last asked for news, seconds since the epoch; 0: never. The lists' own times are the
// servers'. Where apt's timer or update-notifier keeps a stamp of success it counts; elsewhere apt leaves no
// trace of whether an update that brought nothing new had worked.
std::int64_t listsRefreshedAt();

// The key for a source's URI and distribution.
std::string archiveKey(const std::string& uri, const std::string& distribution);

}  // namespace redflag::apt
