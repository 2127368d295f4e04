#pragma once
// The seccomp filter around a run: what no scanner and no tool of one needs, refused with EACCES.

#include "base/result.h"

namespace redflag::host {

struct SystemCalls {
  bool network = false;    // sockets stay possible
  bool writes = false;     // a file's owner, mode and attributes may be changed
  bool truncates = false;  // a file may be cut by its name: where another wall judges that
  bool programs = false;   // it starts programs, and may signal processes of its user's, but not its starter
  int starter = 0;         // the process it was started by
};

// Binds the calling thread and what it starts from now on. kUnsupported.
Result<> refuseSystemCalls(const SystemCalls& what);

}  // namespace redflag::host
