#pragma once
// Services that no order restarts; a restart of the machine renews them.

#include <string>
#include <string_view>

namespace redflag::system {

// Why none restarts it; "": one may.
std::string whyLeftAlone(std::string_view unit);

}  // namespace redflag::system
