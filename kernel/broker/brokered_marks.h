#pragma once
// The machine's fingerprint as the broker takes it: with what only root may read, and without telling it.

#include <filesystem>

#include "identity/fingerprint.h"

namespace redflag::kernel {

MarkReader brokeredMarks(const std::filesystem::path& socket);

}  // namespace redflag::kernel
