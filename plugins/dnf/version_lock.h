#pragma once
// The list of dnf's versionlock plugin: patterns of packages of which no other version may be installed, or,
// after a "!", of versions that may not.

#include <string>
#include <vector>

#include "configuration.h"
#include "handles.h"
#include "problem.h"
#include "settings.h"

namespace redflag::dnf {

// Empty where the plugin is not set up or not enabled. RF_DENIED, RF_MISCONFIGURED: dnf itself would do
// nothing without the list.
Result<std::vector<std::string>> readVersionLocks(const Settings& settings,
                                                  const Configuration& configuration);

// Where that list is, inside the root; "" where the plugin takes no part.
Result<std::string> versionLockFile(const Settings& settings);

// Packages of repositories that the locks keep out; empty pointer: none.
PackageSet versionsOutOfLock(DnfSack* sack, const std::vector<std::string>& locks);

}  // namespace redflag::dnf
