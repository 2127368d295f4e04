#pragma once
// Which tag of a repository is a newer version of the one in use: the same form ("v1.2.3-alpine"), greater
// numbers. Source: semantic versions 2.0; what only looks like one (dates) has no minor part and stays out.

#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace redflag::docker {

// A version with the part that `level` lets differ: only for one is it worth to list what is offered.
bool mayHaveNewer(std::string_view tag, NewerTags level);

// The newest that differs at most in the part that `level` names; "" if there is none, or `tag` is no
// version.
std::string newerTag(std::string_view tag, const std::vector<std::string>& offered, NewerTags level);

}  // namespace redflag::docker
