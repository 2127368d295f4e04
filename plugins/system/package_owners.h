#pragma once
// Whose file it is, or was: by dpkg's lists, or by rpm.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "redflag/sdk.hpp"

namespace redflag::system {

// Packages, by file.
using Owners = std::map<std::string, std::set<std::string>>;

class PackageOwners {
 public:
  explicit PackageOwners(const rf::Host& host) : files_(host), exec_(host) {}
  // Of absolute paths, that need not exist any more. Files of no package are left out; so is everything where
  // neither database can be asked. On a system with dpkg's lists rpm is not.
  Owners of(const std::set<std::string>& files) const;

 private:
  // On a system whose /lib is /usr/lib, packages still name files by either.
  using Wanted = std::map<std::string_view, std::vector<std::string>>;
  void byDpkg(const std::vector<std::string>& lists, const Wanted& wanted, Owners& owners) const;
  void byRpm(const std::set<std::string>& files, const Wanted& wanted, Owners& owners) const;

  rf::File files_;
  rf::Exec exec_;
};

}  // namespace redflag::system
