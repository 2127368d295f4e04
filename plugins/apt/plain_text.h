#pragma once
// What an archive says of a package, and what of that no package can have: lists come from outside.

#include <string>

#include "upgrade.h"

namespace redflag::apt {

// "name", "version" … of the first part that cannot be; "" if all can.
std::string malformedPart(const Upgrade& upgrade);

}  // namespace redflag::apt
