#pragma once
// What plugins keep between runs (rf.state): one file a plugin, replaced as a whole, so that the keys of one
// run appear together or not at all. It can always be made again: it is not worth an fsync, and a damaged
// file counts as none.

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace redflag::kernel {

using PluginState = std::map<std::string, std::string>;

// Empty when there is none, or none that can be used.
PluginState loadPluginState(const std::filesystem::path& folder, const std::string& plugin);
// Puts `changed` over what is there. The folder is made when it is missing.
Result<> savePluginState(const std::filesystem::path& folder, const std::string& plugin,
                         const PluginState& changed);

}  // namespace redflag::kernel
