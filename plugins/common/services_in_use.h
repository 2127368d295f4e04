#pragma once
// Which running services use the files that a plan replaces: they run what is old until they are restarted.
// Whoever started the host looks into the processes (it has the right to); which service a process belongs to
// is in its control group.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "redflag/sdk.hpp"

namespace redflag::plugin {

class ServicesInUse {
 public:
  ServicesInUse() = default;  // none is known
  // Of the system below `root`. Without anybody to ask none is known.
  static ServicesInUse ask(const rf::Host& host, const std::string& root);

  bool empty() const { return units_.empty(); }
  // There are, or may be, more of them: the answer was cut, or could not be read.
  bool isCut() const { return is_cut_; }
  // Adds those that execute a file, which is named as its package does.
  void addUsersOf(std::string_view file, std::set<std::string>& units) const;

 private:
  void read(std::string_view answer, std::string_view root);
  void readGroup(const Json& item, std::string_view root);

  std::map<std::string, std::set<std::string>, std::less<>> units_;  // by file, without "/usr"
  bool is_cut_ = false;
};

}  // namespace redflag::plugin
