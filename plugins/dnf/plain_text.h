#pragma once
// Is what a repository says a name, a version, an identifier? Metadata comes from outside.

#include <string>

#include "upgrade.h"

namespace redflag::dnf {

// Letters, digits and the few signs that rpm lets a name, architecture or version have; at most 256 bytes.
bool isPackageText(const std::string& text);

// "name", "version", "advisory" … of the first part that cannot be; "" if all can.
std::string malformedPart(const Upgrade& upgrade);

}  // namespace redflag::dnf
