#pragma once
// How full a file system is.

#include <sys/statvfs.h>

#include <cstdint>
#include <optional>
#include <string>

namespace redflag::storage {

struct Usage {
  std::int64_t total_bytes = 0;
  std::int64_t used_bytes = 0;
  std::int64_t available_bytes = 0;  // to users without rights
  std::int64_t total_inodes = 0;     // 0: it makes them as it needs them, or does not count them
  std::int64_t used_inodes = 0;
};

enum class Reached { kYes, kNo, kHangs };
struct Look {
  Reached reached = Reached::kNo;
  Usage usage;
  int error = 0;  // errno, with kNo
};

Usage usageOf(const struct statvfs& found);

// Of a file system of this machine's own.
Look lookAt(const std::string& point);
// The same from a process of its own, given up after so long: what does not answer holds only that one, which
// is ended with this one's group.
Look lookAtRemote(const std::string& point, std::int64_t patience_ns);

}  // namespace redflag::storage
