#include "host/scratch.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>

namespace redflag::host {
namespace {

bool isOver(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size() || pid <= 0) return false;
  return pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH);
}

void removeOld(const std::filesystem::path& base) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(base, error)) {
    std::error_code ignored;  // the next run tries again
    if (isOver(entry.path().filename().string())) std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

std::filesystem::path makeScratch(const std::filesystem::path& base) {
  struct stat info {};
  if (base.empty() || ::lstat(base.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return {};
  removeOld(base);
  auto made = base / std::to_string(::getpid());
  if (::mkdir(made.c_str(), 0700) != 0 || ::setenv("TMPDIR", made.c_str(), 1) != 0) return {};
  return made;
}

}  // namespace redflag::host
