#pragma once
// Walls the calling process in, before foreign code runs in it.

#include <filesystem>

#include "base/result.h"
#include "host/capabilities.h"
#include "host/load.h"
#include "host/walls.h"

namespace redflag::host {

// Landlock's newest level that we know. 2: Linux 5.19, 6: signals and abstract sockets, Linux 6.12.
constexpr int kNewestLandlock = 6;

// The process must have one thread. The library, what was granted, a scratch folder, and everybody's
// libraries and data
// (/usr/lib, /usr/share …) stay open; a granted folder to write in is made first, if it is missing and this
// user may. Answers which walls stand. kDenied with Seal::kRequire and one that cannot be built: the process
// must end then. `landlock`: uses no later level than that one; 0: none.
Result<std::vector<Wall>> sealProcess(const Load& load, const Capabilities& granted,
                                      int landlock = kNewestLandlock);

}  // namespace redflag::host
