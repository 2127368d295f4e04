#pragma once
// The file names that a delegation covers.

#include <string_view>

namespace redflag::tuf {

// `*` stands for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set; none of them for a
// slash. Takes no longer than the product of both lengths.
bool matchesPath(std::string_view pattern, std::string_view path);

}  // namespace redflag::tuf
