#pragma once
// Is somebody changing the system at this moment, or did they stop halfway? Told without taking a lock or
// being root.

#include <optional>
#include <string>

#include "problem.h"

namespace redflag::apt {

// apt.dpkg_locked (transient): a package manager is at work. apt.dpkg_interrupted (permanent): dpkg left its
// journal behind and waits for `dpkg --configure -a`. Needs configureApt.
std::optional<Problem> dpkgActivity();

// Whether any process holds such a lock on the file as dpkg and apt take.
bool isWriteLocked(const std::string& file);

}  // namespace redflag::apt
