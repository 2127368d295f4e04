#pragma once
// What orders may do to the agent itself, without root and without changing the machine.

#include <cstdint>

#include "base/json.h"
#include "base/result.h"

namespace redflag::kernel {

class AgentControl {
 public:
  virtual ~AgentControl() = default;
  // State, breakers, configuration and the last lines of the log, as one object without secrets, of at most
  // half a megabyte.
  virtual Json diagnostics(std::size_t log_lines) const = 0;
  // Scans what measures every `every_s` seconds for so long; again replaces, 0 minutes ends it. Answers
  // {"until","plugins"}.
  virtual Result<Json> hurry(std::int64_t minutes, std::int64_t every_s) = 0;
  // Takes settings over as far as the owner's `server_may_set` allows, all or none. kDenied names the key
  // that is not the server's to set, kInvalid the one that is wrong.
  virtual Result<Json> configure(const Json& settings) = 0;
};

}  // namespace redflag::kernel
