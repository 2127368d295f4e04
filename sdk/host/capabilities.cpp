#include "host/capabilities.h"

#include <algorithm>
#include <filesystem>

namespace redflag::host {
namespace {

constexpr std::string_view kExec = "exec:";
constexpr std::string_view kRead = "read:";

bool isBelow(std::string_view path, std::string_view folder) {
  return path == folder || folder == "/" ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

}  // namespace

Capabilities::Capabilities(const std::vector<std::string>& granted) {
  for (const std::string& spec : granted) {
    if (spec.starts_with(kExec)) programs_.push_back(spec.substr(kExec.size()));
    if (!spec.starts_with(kRead)) continue;
    const auto lexical = std::filesystem::path(spec.substr(kRead.size())).lexically_normal();
    std::string path = lexical.string();
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    if (!error && real != path) readable_.push_back(real.string());
    readable_.push_back(std::move(path));
  }
}

bool Capabilities::mayExecute(std::string_view program) const {
  return program.starts_with('/') &&
         std::find(programs_.begin(), programs_.end(), program) != programs_.end();
}

bool Capabilities::mayRead(std::string_view real_path) const {
  return real_path.starts_with('/') &&
         std::any_of(readable_.begin(), readable_.end(),
                     [&](const std::string& folder) { return isBelow(real_path, folder); });
}

}  // namespace redflag::host
