#pragma once
// The seccomp filter around a run: what no scanner and no tool of one needs, refused with EACCES.

#include "base/result.h"

namespace redflag::host {

struct SystemCalls {
  bool network = false;  // sockets stay possible
  bool writes = false;   // a file's owner, mode and attributes may be changed, where Landlock lets files be
  int starter = 0;       // the process that may not be signalled or re-prioritised
};

// Binds the calling thread and what it starts from now on. kUnsupported.
Result<> refuseSystemCalls(const SystemCalls& what);

}  // namespace redflag::host
