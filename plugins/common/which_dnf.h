#pragma once
// Which of the two programs called dnf a machine has.

#include <filesystem>
#include <string>

namespace redflag::plugin {

// dnf 5 is there, and `dnf`, if there is such a program, is it. `root`: "/", or another one's folder.
inline bool hasDnf5(const std::filesystem::path& root) {
  std::error_code error;
  const auto dnf5 = std::filesystem::canonical(root / "usr/bin/dnf5", error);
  if (error) return false;
  const auto dnf = std::filesystem::canonical(root / "usr/bin/dnf", error);
  return error || dnf == dnf5;
}

}  // namespace redflag::plugin
