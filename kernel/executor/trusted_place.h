#pragma once
// Where the executor reads its orders' limits from and keeps its memory: nobody else may be able to swap any
// of it.

#include <filesystem>

#include "base/result.h"

namespace redflag::kernel {

// The file or folder and every folder above it: owned by root or this process's user, and not writable by
// others (a sticky folder above it, like /tmp, is). kDenied names the one that is wrong.
Result<> checkTrustedPlace(const std::filesystem::path& path);

}  // namespace redflag::kernel
