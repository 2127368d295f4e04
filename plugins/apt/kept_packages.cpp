#include "kept_packages.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/strutl.h>
#include <sys/stat.h>

namespace redflag::apt {
namespace {

bool isRootsAlone(const std::string& path, mode_t kind) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && (info.st_mode & S_IFMT) == kind && info.st_uid == 0 &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// As libapt names what it downloads.
std::string fileNameOf(const plugin::Wanted& wanted) {
  return QuoteString(wanted.name, "_:") + '_' + QuoteString(wanted.version, "_:") + '_' +
         QuoteString(wanted.arch, "_:.") + ".deb";
}

}  // namespace

std::vector<std::string> findKeptPackages(const std::vector<plugin::Wanted>& wanted) {
  std::vector<std::string> found;
  const auto folder = _config->FindDir("Dir::Cache::Archives");
  if (folder.empty() || !isRootsAlone(folder.substr(0, folder.size() - 1), S_IFDIR)) return found;
  for (const auto& one : wanted)
    if (const auto file = folder + fileNameOf(one); isRootsAlone(file, S_IFREG)) found.push_back(file);
  return found;
}

}  // namespace redflag::apt
