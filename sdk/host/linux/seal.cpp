#include "host/seal.h"

#include <unistd.h>

#include <algorithm>

#include "host/linux/interpreters.h"
#include "host/linux/landlock.h"
#include "host/linux/system_calls.h"
#include "host/scratch.h"

namespace redflag::host {
namespace {

constexpr int kTruncateLevel = 3;  // of Landlock, from which on it judges that too

// Everybody's, and read by the loader, by libc or by most libraries.
constexpr const char* kReadable[] = {"/lib",
                                     "/lib64",
                                     "/usr/lib",
                                     "/usr/lib64",
                                     "/usr/libexec",
                                     "/usr/share",
                                     "/usr/local/lib",
                                     "/etc/ld.so.cache",
                                     "/etc/ld.so.conf",
                                     "/etc/ld.so.conf.d",
                                     "/etc/localtime",
                                     "/etc/nsswitch.conf",
                                     "/etc/passwd",
                                     "/etc/group",
                                     "/etc/alternatives",
                                     "/proc/self",
                                     "/proc/meminfo",
                                     "/proc/cpuinfo",
                                     "/proc/filesystems",
                                     "/proc/sys/kernel",
                                     "/sys/devices/system/cpu",
                                     "/dev/zero",
                                     "/dev/random",
                                     "/dev/urandom"};

Result<> openTo(Landlock& wall, const Capabilities& granted) {
  for (const char* path : kReadable) {
    if (auto allowed = wall.allow(path, Landlock::Access::kRead); !allowed) return allowed;
  }
  for (const auto& path : granted.readable()) {
    if (auto allowed = wall.allow(path, Landlock::Access::kRead); !allowed) return allowed;
  }
  for (const auto& path : granted.writable()) {
    std::error_code ignored;  // without the folder there is nothing to open
    std::filesystem::create_directories(path, ignored);
    if (auto allowed = wall.allow(path, Landlock::Access::kWrite); !allowed) return allowed;
  }
  for (const auto& granted_program : granted.programs()) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(granted_program, error)) continue;
    for (const auto& program : withInterpreters(granted_program)) {
      if (auto allowed = wall.allow(program, Landlock::Access::kExecute); !allowed) return allowed;
    }
  }
  return wall.allow("/dev/null", Landlock::Access::kWrite);
}

Result<> wallOffFiles(const Load& load, const Capabilities& granted, int level) {
  if (level < 1) return fail(Code::kUnsupported, "this system has no Landlock");
  auto wall = Landlock::create(level, granted.network());
  if (!wall) return tl::unexpected<Error>(wall.error());
  if (auto allowed = wall->allow(load.library, Landlock::Access::kRead); !allowed) return allowed;
  if (const auto scratch = makeScratch(load.scratch); !scratch.empty()) {
    if (auto allowed = wall->allow(scratch, Landlock::Access::kWrite); !allowed) return allowed;
  }
  if (auto opened = openTo(*wall, granted); !opened) return opened;
  return wall->enforce();
}

std::string namesOfMissing(const std::vector<Wall>& walls) {
  std::string out;
  for (const auto& wall : walls) {
    if (!wall.standing) out += (out.empty() ? "" : ", ") + std::string(wall.name);
  }
  return out;
}

}  // namespace

Result<std::vector<Wall>> sealProcess(const Load& load, const Capabilities& granted, int landlock) {
  std::vector<Wall> walls{{"files"}, {"network"}, {"system_calls"}};
  if (load.seal == Seal::kNone) return walls;
  // Files first: the filter may refuse what building that wall needs.
  const int level = std::min({landlock, landlockLevel(), kNewestLandlock});
  const auto files = wallOffFiles(load, granted, level);
  const auto calls = refuseSystemCalls({.network = granted.network(),
                                        .writes = !granted.writable().empty(),
                                        .truncates = files.has_value() && level >= kTruncateLevel,
                                        .programs = !granted.programs().empty(),
                                        .starter = ::getppid()});
  walls[0].standing = files.has_value();
  walls[1].standing = calls.has_value() && !granted.network();  // an open gate is no wall
  walls[2].standing = calls.has_value();
  if (load.seal == Seal::kBest || (files && calls)) return walls;
  return fail(Code::kDenied, "isolation is required and these walls are missing: " + namesOfMissing(walls) +
                                 " (" + (files ? calls.error().text : files.error().text) + ")");
}

}  // namespace redflag::host
