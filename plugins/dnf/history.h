#pragma once
// dnf's own record of what it did, for `dnf history undo` by a person.

#include <cstdint>

#include "settings.h"

namespace redflag::dnf {

// Number of the newest transaction; 0: none, or not readable.
std::int64_t newestTransaction(const Settings& settings);

}  // namespace redflag::dnf
