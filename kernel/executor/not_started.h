#pragma once
// Why an executor did not start, in a file beside its socket: nobody listens there then whom the kernel could
// ask, and the server should hear of it.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace redflag::kernel {

// In a folder that only root can write. Everybody may read it.
Result<> noteNotStarted(const std::filesystem::path& socket, const std::string& why);
// It has started after all.
Result<> forgetNotStarted(const std::filesystem::path& socket);
// "" where nothing is noted, or not by root or this program's user.
std::string whyNotStarted(const std::filesystem::path& socket);

}  // namespace redflag::kernel
