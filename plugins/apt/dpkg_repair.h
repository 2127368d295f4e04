#pragma once
// `dpkg --configure -a`: what mends an installation that was killed.

#include <functional>
#include <string>

#include "problem.h"

namespace redflag::apt {

// Runs dpkg in the configured root, to its end. Its output goes to `line`. Needs configureApt and root.
Result<> configurePending(const std::function<void(const std::string&)>& line);

}  // namespace redflag::apt
