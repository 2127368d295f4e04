#include "host/scratch.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <vector>

namespace redflag::host {
namespace {

constexpr int kMostRemoved = 20'000;

bool isOver(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size() || pid <= 0) return false;
  return pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH);
}

// Deepest first, and at most so many: who left millions must not use up the next run's time.
void removeSome(const std::filesystem::path& folder, int& left) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end && left > 0;
       it.increment(error), --left)
    files.push_back(it->path());
  std::error_code ignored;  // the next run tries again
  for (auto file = files.rbegin(); file != files.rend(); ++file)
    std::filesystem::remove(*file, ignored);
  std::filesystem::remove(folder, ignored);
}

void removeOld(const std::filesystem::path& base) {
  std::error_code error;
  int left = kMostRemoved;
  for (std::filesystem::directory_iterator it(base, error), end; !error && it != end; it.increment(error)) {
    if (isOver(it->path().filename().string())) removeSome(it->path(), left);
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
