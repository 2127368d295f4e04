#pragma once
// What a program of root's keeps of root's rights.

#include "base/result.h"

namespace redflag::platform {

// Keeps what starting processes as other users, ending them, and reading which files a process maps needs,
// for good: the calling thread and what it starts, other threads too, can do nothing else that only root may.
// What belongs to the user root stays open to it. `disks`: also what a program needs that asks disks how they
// are, which is much: Linux gives that right only with many others.
Result<> keepOnlyBrokersRights(bool disks);

}  // namespace redflag::platform
