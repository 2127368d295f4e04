#pragma once
// The files of this room: small, read whole, written whole.

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"

namespace redflag::trust {

// nullopt when there is none. Throws std::runtime_error when it cannot be read or has more than 16 MB.
std::optional<std::string> readIfThere(const std::filesystem::path& file);
// The "signed" part of a document of ours. Throws std::runtime_error.
Json bodyOf(const std::string& text, const std::filesystem::path& file);
// The highest N of the files N.NAME.json in a folder; 0 when there is none.
std::int64_t newestVersion(const std::filesystem::path& folder, const std::string& name);
std::filesystem::path versioned(const std::filesystem::path& folder, std::int64_t version,
                                const std::string& name);
// "trust/commands.json" -> "trust/HASH.commands.json"
std::string hashedName(const std::string& target, const std::string& hash);
// With mode 0755: nothing in a repository is secret.
void makePublicFolder(const std::filesystem::path& folder);

}  // namespace redflag::trust
