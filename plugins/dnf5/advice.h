#pragma once
// What advisories say of the way from one version to another.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "answers.h"

namespace redflag::dnf5 {

struct Advice {
  std::string category = "unknown";
  std::string severity = "unknown";
  std::vector<std::string> ids;
  std::vector<std::string> cves;
  std::int64_t published_at = 0;  // seconds since the epoch, of the candidate's own; 0: unknown
};

// "critical" "high" "medium" "low", or "unknown", of an advisory's word.
std::string severityOf(std::string word);

class Advisories {
 public:
  explicit Advisories(const std::vector<Advisory>& advisories);
  // All above `installed` up to `candidate`; the gravest kind makes the category, its worst severity counts.
  Advice between(const std::string& name, const std::string& arch, const std::string& installed,
                 const std::string& candidate) const;

 private:
  struct Entry {
    std::string evr;
    const Advisory* advisory = nullptr;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Entry>> entries_;
};

}  // namespace redflag::dnf5
