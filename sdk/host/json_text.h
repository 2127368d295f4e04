#pragma once
// JSON written straight into a string: rows are many and small, and go out once.

#include <cstdint>
#include <string>
#include <string_view>

namespace redflag::host {

void appendJsonText(std::string& out,
                    std::string_view utf8);  // with its quotes; the caller has checked the UTF-8
void appendJsonInt(std::string& out, std::int64_t value);
void appendJsonReal(std::string& out, double value);  // finite

// For texts that only explain: not UTF-8 becomes '?', control characters become spaces, at most `max_bytes`.
std::string readable(std::string_view text, std::size_t max_bytes);

}  // namespace redflag::host
