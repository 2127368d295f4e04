#pragma once
// What a process that was killed left of a file that it was replacing (files.h).

#include <filesystem>

namespace redflag::platform {

// Removes it. Nobody may be replacing `path` now.
void removeUnfinished(const std::filesystem::path& path);

}  // namespace redflag::platform
