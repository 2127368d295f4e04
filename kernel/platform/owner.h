#pragma once
// Root working in a folder that belongs to the agent's user: it must not trust what lies there (a link
// planted in its way would lead root's writes elsewhere), so it works as that user.

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace redflag::platform {

// While it lives, this process reads and makes files as the owner of `folder` (or of its nearest parent that
// exists). Nothing changes unless it runs as root and the owner is somebody else. Affects all threads: use it
// in programs that have one. Its end cannot fail silently: a process that cannot become root again is ended.
class AsOwnerOf {
 public:
  static Result<AsOwnerOf> enter(const std::filesystem::path& folder);
  AsOwnerOf(AsOwnerOf&& other) noexcept;
  AsOwnerOf& operator=(AsOwnerOf&&) = delete;
  AsOwnerOf(const AsOwnerOf&) = delete;
  AsOwnerOf& operator=(const AsOwnerOf&) = delete;
  ~AsOwnerOf();

 private:
  explicit AsOwnerOf(bool changed) : changed_(changed) {}
  bool changed_;
};

// Makes the owner of `folder` the owner of a file of ours, which nobody else can replace meanwhile. Nothing
// changes unless this process runs as root.
Result<> giveToOwnerOf(const std::filesystem::path& file, const std::filesystem::path& folder);

// Whether this process's user is the owner of the file itself.
bool ownedByUs(const std::filesystem::path& file);

bool runsAsRoot();

}  // namespace redflag::platform
