#include "host/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>

#include "host/linux/descriptor.h"

namespace redflag::host {
namespace {

constexpr int kMostRemoved = 20'000;

bool isOver(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size() || pid <= 0) return false;
  return pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH);
}

// Empties folders whatever their depth: what lies deeper than kDeepest is moved up to the top first, where
// the next round meets it. At most so many entries: who left millions must not use up the next run's time.
class Emptier {
 public:
  explicit Emptier(int left) : left_(left) {}

  void remove(const std::filesystem::path& folder) {
    // It may have been left, or made, with no mode at all; so may what is in it.
    if (::fchmodat(AT_FDCWD, folder.c_str(), 0700, 0) != 0) return;
    const Descriptor top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!top) return;
    do
      lifted_ = false;
    while (empty(top.get(), top.get(), 0) && lifted_);
    ::rmdir(folder.c_str());
  }

 private:
  static constexpr int kDeepest = 32;

  // False when the bound is reached; the next run goes on.
  bool empty(int folder, int top, int depth) {
    const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(again < 0 ? nullptr : ::fdopendir(again), &::closedir);
    if (!entries) return left_ > 0;
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (left_-- <= 0) return false;
      if (::unlinkat(folder, name.c_str(), 0) == 0 || errno != EISDIR) continue;
      if (::fchmodat(folder, name.c_str(), 0700, 0) != 0) continue;
      if (depth == kDeepest) {
        const auto above = "lifted-" + std::to_string(left_);
        lifted_ = ::renameat(folder, name.c_str(), top, above.c_str()) == 0 || lifted_;
        continue;
      }
      const Descriptor child(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (child && !empty(child.get(), top, depth + 1)) return false;
      ::unlinkat(folder, name.c_str(), AT_REMOVEDIR);
    }
    return true;
  }

  int left_;
  bool lifted_ = false;
};

void removeOld(const std::filesystem::path& base) {
  std::error_code error;
  Emptier emptier(kMostRemoved);
  for (std::filesystem::directory_iterator it(base, error), end; !error && it != end; it.increment(error)) {
    if (isOver(it->path().filename().string())) emptier.remove(it->path());
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
