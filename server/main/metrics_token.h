#pragma once
// What a monitoring system shows to read /metrics.

#include <filesystem>
#include <optional>
#include <string>

namespace redflag::server {

// nullopt: there is none yet. Throws std::runtime_error for one that can be guessed or cannot be read.
std::optional<std::string> readMetricsToken(const std::filesystem::path& file);

}  // namespace redflag::server
