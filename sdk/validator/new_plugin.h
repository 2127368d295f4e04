#pragma once
// `redflag-plugin-check new NAME`: a complete scanner to begin with.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace redflag::validator {

// Writes sdk/template under the new name into the folder `id` below `where`, which must not exist yet.
// kInvalid: not a reverse DNS name.
Result<std::filesystem::path> writeNewPlugin(const std::filesystem::path& where, const std::string& id);

}  // namespace redflag::validator
