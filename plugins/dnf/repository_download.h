#pragma once
// libdnf's own download of one repository, for a process that does nothing else.

#include <string>

#include "configuration.h"

namespace redflag::dnf {

// Into `folder`, which is not there yet, by way of the same name with ".tmp". Why not; "": done. Blocks, and
// heeds nobody.
std::string downloadRepository(const Repository& repository, const Configuration& configuration,
                               const std::string& folder);

// Of its keys those that lie on this machine's disk, as file:// addresses.
std::vector<std::string> keysOnDisk(const Repository& repository);

}  // namespace redflag::dnf
