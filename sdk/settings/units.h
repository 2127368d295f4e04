#pragma once
// How admins write durations and sizes.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::settings {

// "90s", "15m", "6h", "2d"; whole numbers, at most ten years. Nanoseconds.
Result<std::int64_t> parseDuration(std::string_view text);
std::string durationText(std::int64_t ns);  // the largest unit that divides it

// "64KiB", "128MiB", "2GiB" or plain bytes, at most 1 TiB. Bytes.
Result<std::uint64_t> parseSize(std::string_view text);
std::string sizeText(std::uint64_t bytes);

}  // namespace redflag::settings
