#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "host/linux/descriptor.h"

namespace redflag::host {

struct HashedFile {
  Descriptor file;
  std::string sha256;
};

// The checks of trusted_file.h, and the hash of what was opened.
Result<HashedFile> openAndHash(const std::filesystem::path& file);

}  // namespace redflag::host
