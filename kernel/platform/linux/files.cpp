#include "platform/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "platform/descriptor.h"
#include "platform/unfinished.h"

namespace redflag::platform {
namespace {

// In no percent-encoded name: what a killed process left is told from files that are wanted.
constexpr const char* kUnfinished = ".%%";

tl::unexpected<Error> ioError(const std::filesystem::path& path, const char* step, int error) {
  const Code code = error == ENOENT                       ? Code::kNotFound
                    : (error == EACCES || error == EPERM) ? Code::kDenied
                                                          : Code::kIo;
  return fail(code, path.string() + ": " + step + ": " + std::strerror(error));
}

bool writeAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<> syncFolder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return ioError(folder, "fsync", errno);
  return {};
}

}  // namespace

void Descriptor::reset() {
  if (value_ >= 0) ::close(std::exchange(value_, -1));
}

Result<FileReplacement> FileReplacement::begin(const std::filesystem::path& path, std::uint32_t mode) {
  std::string temporary = path.string() + kUnfinished + "XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return ioError(path, "create", errno);
  FileReplacement file(fd, path, std::move(temporary));
  if (::fchmod(fd, static_cast<mode_t>(mode)) != 0) return ioError(path, "chmod", errno);
  return file;
}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

FileReplacement::~FileReplacement() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void removeUnfinished(const std::filesystem::path& path) {
  const std::string begin = path.filename().string() + kUnfinished;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.size() == begin.size() + 6) ::unlink(entry.path().c_str());
  }
}

Result<> FileReplacement::append(std::string_view part) {
  if (!writeAll(descriptor_, part)) return ioError(path_, "write", errno);
  return {};
}

Result<> FileReplacement::commit(Durability durability) {
  if (durability == Durability::kPowerLoss && ::fsync(descriptor_) != 0)
    return ioError(path_, "fsync", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return ioError(path_, "rename", errno);
  temporary_.clear();
  if (durability == Durability::kCrash) return {};
  return syncFolder(path_.has_parent_path() ? path_.parent_path() : ".");
}

Result<> writeFileAtomic(const std::filesystem::path& path, std::string_view content, std::uint32_t mode,
                         Durability durability) {
  auto file = FileReplacement::begin(path, mode);
  if (!file) return tl::unexpected<Error>(file.error());
  if (auto ok = file->append(content); !ok) return ok;
  return file->commit(durability);
}

Result<std::string> readFile(const std::filesystem::path& path, std::size_t max_bytes) {
  // O_NONBLOCK: a FIFO put in the file's place must not make us wait.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ioError(path, "open", errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ioError(path, "stat", errno);
  if (!S_ISREG(info.st_mode)) return fail(Code::kInvalid, path.string() + ": not a regular file");
  std::string content;
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ioError(path, "read", errno);
    if (got == 0) return content;
    if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
      return fail(Code::kLimit, path.string() + ": longer than " + std::to_string(max_bytes) + " bytes");
    }
    content.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

Result<> makePrivateFolder(const std::filesystem::path& path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return ioError(path, "make folder", error.value());
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno == EEXIST && std::filesystem::is_directory(path, error)) return {};
  return ioError(path, "make folder", errno);
}

Result<> checkOnlyOursToWrite(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return ioError(path, "stat", errno);
  if (S_ISLNK(info.st_mode)) return fail(Code::kDenied, path.string() + ": is a symbolic link");
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return fail(Code::kDenied, path.string() + ": belongs to user " + std::to_string(info.st_uid) +
                                   ", expected root or the user that runs this program");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Code::kDenied, path.string() + ": others than its owner can write it");
  }
  return {};
}

Result<> makeFolderOf(const std::filesystem::path& path, const std::optional<User>& user) {
  if (auto made = makePrivateFolder(path); !made) return made;
  if (!user || ::lchown(path.c_str(), user->uid, user->gid) == 0) return {};
  return fail(Code::kIo, path.string() + ": " + std::strerror(errno));
}

bool mayWriteIn(const std::filesystem::path& folder) {
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

Result<> renameFile(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return ioError(from, "rename", errno);
  return syncFolder(to.parent_path());
}

Result<> removeFile(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return ioError(path, "remove", errno);
}

FileStamp fileStamp(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_ino,
          static_cast<std::uint64_t>(info.st_size)};
}

Result<LockFile> LockFile::acquire(const std::filesystem::path& path) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return ioError(path, "open", errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      auto holder = readFile(path, 32);
      return fail(Code::kConflict,
                  path.string() + ": already running" +
                      (holder && !holder->empty() ? " as process " + *holder : std::string()));
    }
    // The holder before us may have removed the file between our open and our lock: then ours is nobody's
    // lock.
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd.get(), &ours) != 0 || ::stat(path.c_str(), &named) != 0 || ours.st_ino != named.st_ino)
      continue;
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) != 0 || !writeAll(fd.get(), pid)) return ioError(path, "write", errno);
    return LockFile(fd.release(), path);
  }
  return fail(Code::kConflict, path.string() + ": another program starts and stops at the same time");
}

LockFile::LockFile(LockFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

LockFile::~LockFile() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace redflag::platform
