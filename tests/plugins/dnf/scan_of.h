#pragma once
// A scan of a made-up root.

#include <set>
#include <string>

#include "dnf_root.h"
#include "scan.h"
#include "support/scan_run.h"

namespace redflag::test {

class ScanOf : public ScanRun<dnf::Scan, dnf::Settings> {
 public:
  explicit ScanOf(const DnfRoot& root) { settings.root = root.path(), settings.cache_dir = root.cacheDir(); }

  // As DnfRoot::upgradable() writes them: what is not blocked by an exclude or a lock.
  std::set<std::string> rows() const {
    std::set<std::string> found;
    for (const auto& row : fake.ofKind("update/1")) {
      const auto blocked_by = row.value("blocked_by", "");
      if (blocked_by.empty() || blocked_by == "kept_back")
        found.insert(text(row, "name") + " " + text(row, "arch") + " " + text(row, "candidate_version") +
                     " " + text(row, "origin"));
    }
    return found;
  }
  // As DnfRoot::advised() writes them.
  std::set<std::string> advised() const { return allOf("advisories"); }
  // As DnfRoot::advisedCves() writes them.
  std::set<std::string> advisedCves() const { return allOf("cves"); }
  static std::vector<std::string> listed(const Json& row, const char* field) {
    const auto found = row.find(field);
    if (found == row.end()) return {};
    return found->is_array() ? found->get<std::vector<std::string>>()
                             : std::vector<std::string>{found->get<std::string>()};
  }

 private:
  std::set<std::string> allOf(const char* field) const {
    std::set<std::string> found;
    for (const auto& row : fake.ofKind("update/1"))
      for (const auto& entry : listed(row, field))
        found.insert(entry + " " + text(row, "name"));
    return found;
  }
};

}  // namespace redflag::test
