#pragma once
// Files that decide what runs: only root or this process's own user may be able to change them.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace redflag::host {

// kDenied, with what is wrong, if the folder is a symbolic link, has another owner, or can be written by
// others.
Result<> checkTrustedFolder(const std::filesystem::path& folder);

// Opens without following a link and checks what was opened, so that nothing can be swapped in between.
// kNotFound, kDenied, kLimit or kIo.
Result<std::string> readTrustedFile(const std::filesystem::path& file, std::size_t max_bytes);

}  // namespace redflag::host
