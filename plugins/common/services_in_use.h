#pragma once
// Which running services use the files that a plan replaces: they run what is old until they are restarted.
// Whoever started the host looks into the processes (it has the right to); which service a process belongs to
// is in its control group.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "redflag/sdk.hpp"

namespace redflag::plugin {

class ServicesInUse {
 public:
  ServicesInUse() = default;  // none is known
  // Of the system below `root`. Without anybody to ask, or with an answer that cannot be read: none is known.
  static ServicesInUse ask(const rf::Host& host, const std::string& root);

  bool empty() const { return units_.empty(); }
  // Adds those that execute a file, which is named as its package does.
  void addUsersOf(std::string_view file, std::set<std::string>& units) const;

 private:
  std::map<std::string, std::set<std::string>, std::less<>> units_;  // by file, without "/usr"
};

}  // namespace redflag::plugin
