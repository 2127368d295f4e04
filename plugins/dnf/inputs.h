#pragma once
// Everything a scan's answer depends on, as one short text: if it is the same, so is the answer.

#include <string>

#include "settings.h"

namespace redflag::dnf {

// SHA-256 over our settings and version and name, inode, size and times (of its content, and of who may read
// it) of each file that is read: configuration, module states, locks, dnf's metadata, the rpm database.
std::string fingerprintInputs(const Settings& settings);

// The same of what says where metadata comes from and what it is checked with.
std::string fingerprintSources(const Settings& settings);

}  // namespace redflag::dnf
