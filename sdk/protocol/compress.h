#pragma once
// zstd with bounds: what is expanded stops at a limit, in size and in memory, whatever the sender claims.

#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::protocol {

Result<std::string> compress(std::string_view bytes);

// Exactly one zstd frame. kLimit when it expands past max_bytes or wants a window over 8 MiB, kInvalid when
// it is damaged, cut short, or followed by anything.
Result<std::string> expand(std::string_view bytes, std::size_t max_bytes);

}  // namespace redflag::protocol
