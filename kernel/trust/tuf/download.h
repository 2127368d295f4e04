#pragma once
// Gets one target's content: never more than was signed, and in place only once its hashes are right.

#include <filesystem>
#include <string>

#include "protocol/tuf/metadata.h"
#include "trust/tuf/fetcher.h"

namespace redflag::kernel::tuf {

// The one file below `folder` for this name, percent-encoded, so that no name leads elsewhere. kInvalid when
// the name is too long for that.
Result<std::filesystem::path> targetFile(const std::filesystem::path& folder, const std::string& name);

// Where the content is. What is there already with the right hashes is not fetched again. `reference`:
// Client::referenceOf().
Result<std::filesystem::path> download(Fetcher& content, const redflag::tuf::TargetFile& target,
                                       const std::string& reference, const std::filesystem::path& folder);

}  // namespace redflag::kernel::tuf
