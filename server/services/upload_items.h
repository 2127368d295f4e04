#pragma once
// The items of an upload, before anybody looks into one.

#include <cstddef>
#include <string>

#include "base/json.h"

namespace redflag::services {

constexpr const char* kPartKind = "part";
constexpr std::size_t kCutBytes = 64U << 10;  // of records; shorter lists are parsed at once

// {"items":[…]}, each with an id. http::Problem 400 where it is not.
Json parseUpload(const std::string& body);
// "" where it has none.
std::string kindOf(const Json& item);

}  // namespace redflag::services
