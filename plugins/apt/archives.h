#pragma once
// The archives that sources.list names: which are there, which are not, and why. Each is a scope of the scan.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lists.h"
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
  // The files of its lists of packages as they would be called if none was compressed, there or not.
  std::vector<std::string> files = {};
};

// `now` in seconds since the epoch.
std::vector<Archive> readArchives(pkgSourceList& sources, const Settings& settings, const Lists& lists,
                                  std::int64_t now);

// The key for a source's URI and distribution.
std::string archiveKey(const std::string& uri, const std::string& distribution);

}  // namespace redflag::apt
