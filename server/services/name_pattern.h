#pragma once
// Patterns for the names of updates: pure.

#include <string_view>

namespace redflag::services {

// The whole name, whatever the case of ASCII letters. * stands for any characters, ? for one, a backslash
// takes the one behind it as it is. At most about pattern × name steps, whatever somebody wrote.
bool matchesName(std::string_view pattern, std::string_view name);

}  // namespace redflag::services
