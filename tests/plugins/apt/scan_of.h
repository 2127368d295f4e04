#pragma once
// A scan of a made-up root.

#include <set>
#include <string>

#include "apt_root.h"
#include "scan.h"
#include "support/scan_run.h"

namespace redflag::test {

class ScanOf : public ScanRun<apt::Scan, apt::Settings> {
 public:
  explicit ScanOf(const AptRoot& root) { settings.root = root.path(), settings.cache_dir = root.cacheDir(); }

  // As AptRoot::upgradable() writes them.
  std::set<std::string> rows() const {
    std::set<std::string> found;
    for (const auto& row : fake.ofKind("update/1"))
      found.insert(text(row, "name") + " " + text(row, "arch") + " " + text(row, "installed_version") + " " +
                   text(row, "candidate_version"));
    return found;
  }
};

}  // namespace redflag::test
