#pragma once
// A folder for temporary files of one run. Libraries ask for one; /tmp is everybody's.

#include <filesystem>

namespace redflag::host {

// A new one below `base`, which must be this user's alone, named in TMPDIR from now on; "" where none can be
// made. What runs that are over left there is removed.
std::filesystem::path makeScratch(const std::filesystem::path& base);

}  // namespace redflag::host
