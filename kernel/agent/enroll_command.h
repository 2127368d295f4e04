#pragma once
// `redflag-agent enroll --bundle-stdin|--bundle-file F [--state DIR] [--executor-state DIR] [--replace]`:
// makes this machine an agent of the server that the bundle names. The bundle is a secret and never in argv.

#include <filesystem>
#include <iosfwd>

#include "config/config.h"
#include "identity/fingerprint.h"

namespace redflag::kernel {

struct EnrollRequest {
  bool bundle_stdin = false;  // exactly one of these two
  std::filesystem::path bundle_file = {};
  std::filesystem::path state = {};           // of the agent
  std::filesystem::path executor_state = {};  // "": the executor's own default for this state folder
  bool replace = false;                       // forget the present agent first
  bool json = false;
  MarkReader marks = ownMarks();  // what the agent's key is bound to: as the daemon's are read (markReader())
};

// A machine keeps its trust root: a bundle that names another is refused (3), also with --replace, and
// nothing is given up then. Asking again is safe: the same key gets the same answer. In mode act, as root, it
// also writes whom the executor believes. 0: done. 1: failed. 2: the bundle or the request makes no sense. 3:
// refused by the server, or enrolled as another agent. 4: the server cannot be reached now.
int runEnroll(const Config& config, const EnrollRequest& request, std::istream& in, std::ostream& out,
              std::ostream& err);

}  // namespace redflag::kernel
