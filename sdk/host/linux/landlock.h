#pragma once
// Landlock, as far as this program needs it. The numbers are the kernel's user interface
// (Documentation/userspace-api/landlock.rst); Debian 12's headers end with level 2.

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "host/linux/descriptor.h"

namespace redflag::host {

// 0: this system has none.
int landlockLevel();

class Landlock {
 public:
  enum class Access { kRead, kExecute, kWrite };

  // Of that level: from 1 to landlockLevel(). `network`: TCP and abstract sockets stay open.
  static Result<Landlock> create(int level, bool network);
  // The file or folder, with everything below it, following links. One that does not exist is no error.
  Result<> allow(const std::filesystem::path& path, Access access);
  // Binds the calling thread and what it starts from now on.
  Result<> enforce();

 private:
  Landlock(Descriptor ruleset, std::uint64_t handled) : ruleset_(std::move(ruleset)), handled_(handled) {}
  Descriptor ruleset_;
  std::uint64_t handled_;
};

}  // namespace redflag::host
