#pragma once
// rpm's database, by dnf5.

#include <map>
#include <string>
#include <vector>

#include "client.h"
#include "problem.h"

namespace redflag::dnf5 {

struct InstalledPackage {
  std::string arch;
  std::string evr;
  std::string reason;  // "User", "Dependency" …: why it is there, in dnf5's words
  std::int64_t installed_bytes = 0;
};

class InstalledPackages {
 public:
  static Result<InstalledPackages> read(const Client& client);

  // nullptr: that version is not installed.
  const InstalledPackage* find(const std::string& name, const std::string& arch,
                               const std::string& evr) const;
  // Of that name and architecture ("": any).
  std::vector<std::string> versionsOf(const std::string& name, const std::string& arch) const;
  // Of any architecture; "": it is not installed.
  std::string newestOf(const std::string& name) const;

 private:
  std::multimap<std::string, InstalledPackage> packages_;  // by name
};

}  // namespace redflag::dnf5
