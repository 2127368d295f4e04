#pragma once
// Files the agent's life depends on: written so that a crash leaves the old or the new content, never half of
// it, and read only when nobody else could have written them.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/user.h"

namespace redflag::platform {

enum class Durability {
  kPowerLoss,  // fsync of the file and its folder
  kCrash,  // survives our own crash; power loss may leave the old, or no content. For what can be made again
};

// Replaces `path` in one step through a temporary file beside it. `mode`: permission bits of the new file.
Result<> writeFileAtomic(const std::filesystem::path& path, std::string_view content,
                         std::uint32_t mode = 0600, Durability durability = Durability::kPowerLoss);

// The same for content that comes piece by piece. Without commit() nothing happens to `path`.
class FileReplacement {
 public:
  static Result<FileReplacement> begin(const std::filesystem::path& path, std::uint32_t mode = 0600);
  FileReplacement(FileReplacement&& other) noexcept;
  FileReplacement& operator=(FileReplacement&&) = delete;
  ~FileReplacement();  // removes what was not committed

  Result<> append(std::string_view part);
  Result<> commit(Durability durability = Durability::kPowerLoss);

 private:
  FileReplacement(int descriptor, std::filesystem::path path, std::string temporary)
      : descriptor_(descriptor), path_(std::move(path)), temporary_(std::move(temporary)) {}
  int descriptor_ = -1;
  std::filesystem::path path_;
  std::string temporary_;  // "" once it has its name
};

// kNotFound when there is none; kLimit when it is longer than max_bytes; kInvalid when it is no regular file.
Result<std::string> readFile(const std::filesystem::path& path, std::size_t max_bytes);

// Makes the folder and its missing parents, the last one with mode 0700; an existing one is left as it is.
Result<> makePrivateFolder(const std::filesystem::path& path);

// The same, as that user's own, for which we must be root; nullopt: ours.
Result<> makeFolderOf(const std::filesystem::path& path, const std::optional<User>& user);

// kDenied, with the reason, when somebody else than root and this process's user owns the file or folder, or
// when group or others may write it. Symbolic links are not followed.
Result<> checkOnlyOursToWrite(const std::filesystem::path& path);

// True when this process may make files in the folder.
bool mayWriteIn(const std::filesystem::path& folder);

// Gives a file the place of another in the same folder, at once and durably.
Result<> renameFile(const std::filesystem::path& from, const std::filesystem::path& to);

// Removes a file; that there is none is fine.
Result<> removeFile(const std::filesystem::path& path);

struct FileStamp {
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  bool operator==(const FileStamp&) const = default;
};
// All zero when there is no such file. For noticing changes.
FileStamp fileStamp(const std::filesystem::path& path);

// Held by one process at a time; the system lets go of it when the process ends, however it ends.
class LockFile {
 public:
  // kConflict when another process holds it; the text has that process's id.
  static Result<LockFile> acquire(const std::filesystem::path& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();  // removes the file, too

 private:
  LockFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_ = -1;
  std::filesystem::path path_;
};

}  // namespace redflag::platform
