#include "executor/trusted_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include "executor/os_error.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

Result<> checkFolderAbove(const std::filesystem::path& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) return osError(folder.string());
  if (info.st_uid != 0 && info.st_uid != geteuid()) {
    return fail(Code::kDenied, folder.string() + ": belongs to user " + std::to_string(info.st_uid) +
                                   ", who could replace what is in it");
  }
  const bool shared = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (shared && (info.st_mode & S_ISVTX) == 0) {
    return fail(Code::kDenied, folder.string() + ": others than its owner can write it");
  }
  return {};
}

}  // namespace

Result<> checkTrustedPlace(const std::filesystem::path& path) {
  if (auto ok = platform::checkOnlyOursToWrite(path); !ok) return ok;
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return fail(Code::kIo, path.string() + ": " + error.message());
  for (auto folder = real.parent_path();; folder = folder.parent_path()) {
    if (auto ok = checkFolderAbove(folder); !ok) return ok;
    if (folder == folder.parent_path()) return {};
  }
}

}  // namespace redflag::kernel
