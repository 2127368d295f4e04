#pragma once
// What dnf.conf, repositories, modules and the versionlock plugin keep out of dnf's sight. Filled in three
// steps, in dnf's order, because each sees what the one before left.

#include <string>
#include <vector>

#include "configuration.h"
#include "handles.h"
#include "problem.h"

namespace redflag::dnf {

class Filters {
 public:
  // Evaluates excludes, filters modules, and looks at what is an upgrade without the excludes; then applies
  // them, and the version locks.
  static Result<Filters> apply(DnfSack* sack, const Settings& settings, const Configuration& configuration);

  // Upgrades, newest of each name and architecture, that would be there without excludes and locks; empty
  // where there are none of these.
  const std::vector<DnfPackage*>& unfiltered() const { return unfiltered_list_; }
  bool isLocked(DnfPackage* package) const {
    return locked_ && dnf_packageset_has(locked_.get(), package) != 0;
  }

 private:
  Packages unfiltered_;
  std::vector<DnfPackage*> unfiltered_list_;
  PackageSet locked_;  // versions that a lock keeps out
};

// What `dnf check-update` lists first: the newest upgrade of each name and architecture, of the repositories
// with the best priority.
Query upgrades(DnfSack* sack);

}  // namespace redflag::dnf
