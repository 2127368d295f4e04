#pragma once

#include <string_view>

namespace redflag::plugin {

// Letters, digits and the few signs that rpm lets a name, architecture or version have; at most 256 bytes.
bool isPackageText(std::string_view text);

}  // namespace redflag::plugin
