#include "platform/owner.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace redflag::platform {

Result<AsOwnerOf> AsOwnerOf::enter(const std::filesystem::path& folder) {
  if (!runsAsRoot()) return AsOwnerOf(false);
  struct stat info {};
  std::filesystem::path at = std::filesystem::absolute(folder);
  while (::stat(at.c_str(), &info) != 0) {
    if (errno != ENOENT || !at.has_relative_path()) {
      return fail(Code::kIo, at.string() + ": " + std::strerror(errno));
    }
    at = at.parent_path();
  }
  if (info.st_uid == 0) return AsOwnerOf(false);
  if (::setgroups(0, nullptr) != 0 || ::setegid(info.st_gid) != 0 || ::seteuid(info.st_uid) != 0) {
    return fail(Code::kIo, "cannot act as the owner of " + at.string() + ": " + std::strerror(errno));
  }
  return AsOwnerOf(true);
}

AsOwnerOf::AsOwnerOf(AsOwnerOf&& other) noexcept : changed_(std::exchange(other.changed_, false)) {}

AsOwnerOf::~AsOwnerOf() {
  if (changed_ && (::seteuid(0) != 0 || ::setegid(0) != 0)) std::abort();
}

Result<> giveToOwnerOf(const std::filesystem::path& file, const std::filesystem::path& folder) {
  if (!runsAsRoot()) return {};
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0 || ::lchown(file.c_str(), info.st_uid, info.st_gid) != 0)
    return fail(Code::kIo, file.string() + ": " + std::strerror(errno));
  return {};
}

bool ownedByUs(const std::filesystem::path& file) {
  struct stat info {};
  return ::lstat(file.c_str(), &info) == 0 && info.st_uid == ::geteuid();
}

bool runsAsRoot() {
  return ::geteuid() == 0;
}

}  // namespace redflag::platform
