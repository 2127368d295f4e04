#pragma once
// Which services run what a plan replaces or removes.

#include <string>

#include "common/services_in_use.h"
#include "plan.h"

namespace redflag::apt {

// In the plan, by dpkg's lists of the files of installed packages; sorted.
void nameRestarts(Plan& plan, const std::string& root, const plugin::ServicesInUse& services);

}  // namespace redflag::apt
