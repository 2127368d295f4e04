#pragma once
// What the repositories' updateinfo says about the way from an installed version to its candidate.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "handles.h"

namespace redflag::dnf {

struct Advice {
  std::string category = "unknown";  // security if any advisory on the way is, else bugfix, else enhancement
  std::string severity = "unknown";  // the worst of those that gave the category
  std::vector<std::string> ids;      // sorted, each once
  std::vector<std::string> cves;     // likewise
  std::int64_t published_at = 0;     // of the candidate's own advisory, seconds since the epoch; 0: unknown
  bool needs_reboot = false;
};

// "Important" is high, "Moderate" medium; anything that is none of the four words is unknown.
std::string severityOf(const std::string& word);

class Advisories {
 public:
  // Reads those for the names and architectures of these packages that are newer than them.
  Advisories(DnfSack* sack, const std::vector<DnfPackage*>& installed);

  // Every advisory above the installed version, up to the candidate.
  Advice between(const std::string& name, const std::string& arch, const std::string& installed,
                 const std::string& candidate) const;

 private:
  struct Entry {
    std::string evr;
    std::string id;
    DnfAdvisoryKind kind;
    std::string severity;
    std::vector<std::string> cves;
    std::int64_t updated_at;
    bool needs_reboot;
  };
  using Key = std::pair<std::string, std::string>;  // name, architecture

  DnfSack* sack_;
  std::map<Key, std::vector<Entry>> entries_;
};

}  // namespace redflag::dnf
