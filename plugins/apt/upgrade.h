#pragma once
// One row of a scan: an installed package with a newer candidate.

#include <cstdint>
#include <string>

namespace redflag::apt {

struct Upgrade {
  std::string scope;  // key of the archive the candidate comes from
  std::string name;
  std::string arch;          // the candidate's, as apt shows it: may be "all"
  std::string package_arch;  // the package's own, with which name is unique
  std::string installed_version;
  std::string candidate_version;
  std::string source_package;
  std::string origin;  // "Debian:oldstable-security"
  bool security =
      false;  // a version above the installed one, up to the candidate, comes from a security archive
  bool needs_reboot = false;
  std::string blocked_by;  // "held", "phased", "kept_back", or ""
  std::int64_t download_bytes = 0;
  std::int64_t installed_bytes = 0;
};

}  // namespace redflag::apt
