#pragma once
// One line on stderr; the service manager keeps them.

#include <string_view>

namespace redflag::kernel {

// `level`: debug, info, warning or error. Control characters are replaced.
void logLine(std::string_view level, std::string_view text);

}  // namespace redflag::kernel
