#pragma once
// One row of a scan: an installed package with a newer candidate, or a package that replaces an installed
// one.

#include <cstdint>
#include <string>
#include <vector>

namespace redflag::dnf {

struct Upgrade {
  std::string scope;  // the candidate's repository
  std::string name;
  std::string arch;
  std::string installed_version;  // "" if it replaces a package of another name
  std::string candidate_version;  // [epoch:]version-release
  std::string source_package;
  std::string channel;  // "module:stream" for a package of a module
  std::string category;
  std::string severity;
  std::string blocked_by;  // "held", "excluded", "kept_back", or ""
  std::vector<std::string> advisories;
  std::vector<std::string> cves;
  std::int64_t published_at = 0;  // seconds since the epoch; 0: unknown
  bool needs_reboot = false;
  std::int64_t download_bytes = 0;
  std::int64_t installed_bytes = 0;
};

}  // namespace redflag::dnf
