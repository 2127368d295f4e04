#pragma once
// Which services run what a plan replaces or removes.

#include <string>
#include <vector>

#include "common/services_in_use.h"
#include "plan.h"

namespace redflag::apt {

// By dpkg's lists of the files of installed packages; sorted.
std::vector<std::string> restartsOf(const Plan& plan, const std::string& root,
                                    const plugin::ServicesInUse& services);

}  // namespace redflag::apt
