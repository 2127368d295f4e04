#include "host/trusted_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "host/linux/descriptor.h"
#include "host/linux/trusted_descriptor.h"
#include "host/manifest.h"
#include "host/sha256.h"

namespace redflag::host {
namespace {

tl::unexpected<Error> osError(const std::filesystem::path& path, int error) {
  if (error == ELOOP)
    return fail(Code::kDenied, path.string() + ": is a symbolic link; put what it names in its place");
  const Code code = error == ENOENT ? Code::kNotFound : error == EACCES ? Code::kDenied : Code::kIo;
  return fail(code, path.string() + ": " + std::generic_category().message(error));
}

Result<> checkOwner(const std::filesystem::path& path, const struct stat& info) {
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return fail(Code::kDenied,
                path.string() + ": belongs to user " + std::to_string(info.st_uid) +
                    ", expected root or the user this program runs as; mend it with: chown root " +
                    path.string());
  }
  // A group of root's own, or of our own user, is no stranger.
  const bool group_may_write =
      (info.st_mode & S_IWGRP) != 0 && info.st_gid != 0 && info.st_gid != ::getegid();
  if ((info.st_mode & S_IWOTH) != 0 || group_may_write) {
    return fail(
        Code::kDenied,
        path.string() +
            ": others can write it, expected root or this program's user only; mend it with: chmod go-w " +
            path.string());
  }
  return {};
}

Result<Descriptor> openTrusted(const std::filesystem::path& file, struct stat& info) {
  // O_NONBLOCK: a FIFO must not hold us; it is refused below.
  Descriptor fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd || ::fstat(fd.get(), &info) != 0) return osError(file, errno);
  if (!S_ISREG(info.st_mode)) return fail(Code::kDenied, file.string() + ": is not a regular file");
  if (auto owner = checkOwner(file, info); !owner) return tl::unexpected<Error>(owner.error());
  return fd;
}

}  // namespace

Result<> checkTrustedFolder(const std::filesystem::path& folder) {
  struct stat info {};
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    // With O_DIRECTORY a link to a folder answers ENOTDIR.
    struct stat link {};
    const int error = errno;
    const bool is_link = ::lstat(folder.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
    return osError(folder, is_link ? ELOOP : error);
  }
  if (::fstat(fd.get(), &info) != 0) return osError(folder, errno);
  return checkOwner(folder, info);
}

Result<std::string> readTrustedFile(const std::filesystem::path& file, std::size_t max_bytes) {
  struct stat info {};
  auto fd = openTrusted(file, info);
  if (!fd) return tl::unexpected<Error>(fd.error());
  std::string text;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t got = ::read(fd->get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return osError(file, errno);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > max_bytes) {
      return fail(Code::kLimit, file.string() + ": longer than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Result<HashedFile> openAndHash(const std::filesystem::path& file) {
  struct stat info {};
  auto fd = openTrusted(file, info);
  if (!fd) return tl::unexpected<Error>(fd.error());
  Sha256 hash;
  std::array<unsigned char, 16384> chunk;
  for (;;) {
    const ssize_t got = ::read(fd->get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return osError(file, errno);
    if (got == 0) break;
    hash.add(chunk.data(), static_cast<std::size_t>(got));
  }
  return HashedFile{std::move(*fd), hash.hex()};
}

Result<std::string> hashFile(const std::filesystem::path& file) {
  auto hashed = openAndHash(file);
  if (!hashed) return tl::unexpected<Error>(hashed.error());
  return hashed->sha256;
}

}  // namespace redflag::host
