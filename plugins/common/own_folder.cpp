#include "common/own_folder.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace redflag::plugin {
namespace {

bool isOurs(const std::string& folder) {
  struct stat info {};
  return lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Makes missing folders below `base`, which must be ours; each step must be ours as well.
bool makeOurs(const std::string& base, const std::string& below) {
  if (!isOurs(base)) return false;
  std::filesystem::path folder = base;
  for (const auto& part : std::filesystem::path(below)) {
    folder /= part;
    if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return false;
    if (!isOurs(folder)) return false;
  }
  return true;
}

std::string homeOfThisUser() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir;
}

}  // namespace

std::string ownFolder(const std::string& configured, const std::string& name) {
  if (!configured.empty()) return isOurs(configured) ? configured : "";
  const auto usual = "/var/cache/redflag/" + name;
  if (isOurs(usual)) return usual;
  const auto home = homeOfThisUser();
  const auto below = ".cache/redflag/" + name;
  if (!home.empty() && makeOurs(home, below)) return home + "/" + below;
  return {};
}

}  // namespace redflag::plugin
