#pragma once
// Is what a repository says a name, a version, an identifier? Metadata comes from outside.

#include <string>

#include "common/package_text.h"
#include "upgrade.h"

namespace redflag::dnf {

using plugin::isPackageText;

// "name", "version", "advisory" … of the first part that cannot be; "" if all can.
std::string malformedPart(const Upgrade& upgrade);

}  // namespace redflag::dnf
