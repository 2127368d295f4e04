#include "dpkg_activity.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>

namespace redflag::apt {
namespace {

bool hasJournal(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
      return true;
  }
  return false;
}

}  // namespace

// The kernel's table of locks names files as major:minor:inode. Layered file systems show another device
// there than stat does, so the inode of a POSIX write lock decides; at worst a scan is called incomplete
// without need.
bool isWriteLocked(const std::string& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return false;
  const auto wanted = ":" + std::to_string(info.st_ino) + " ";
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find("POSIX") == std::string::npos || line.find("WRITE") == std::string::npos) continue;
    if (line.find(wanted) != std::string::npos) return true;
  }
  return false;
}

std::optional<Problem> dpkgActivity() {
  const auto folder = flNotFile(_config->FindFile("Dir::State::status"));
  for (const auto* lock : {"lock-frontend", "lock"})
    if (isWriteLocked(folder + lock))
      return Problem{RF_TRANSIENT, "apt.dpkg_locked",
                     "another program is installing packages: what is installed may change"};
  if (hasJournal(folder + "updates"))
    return Problem{RF_PERMANENT, "apt.dpkg_interrupted",
                   "dpkg was interrupted: what it says is installed is not reliable until `dpkg --configure "
                   "-a` was run"};
  return std::nullopt;
}

}  // namespace redflag::apt
