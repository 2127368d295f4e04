#pragma once
// Small files that only this process's user may read.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace redflag::auth {

// Mode 0600 from the first byte; whole or not there: written beside, synced, renamed. Throws
// std::system_error.
void writeSecretFile(const std::filesystem::path& path, const std::string& bytes);
// The same with mode 0644: for what everybody may know.
void writePublicFile(const std::filesystem::path& path, const std::string& bytes);

constexpr std::int64_t kMaxKeyFile = 1 << 20;  // bytes

// nullopt when there is none. Throws std::runtime_error when others than its owner may read it, when it is
// not a regular file of at most `most` bytes, or std::system_error when it cannot be read.
std::optional<std::string> readSecretFile(const std::filesystem::path& path, std::int64_t most = kMaxKeyFile);

}  // namespace redflag::auth
