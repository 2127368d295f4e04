#pragma once
// Takes the agent's own errors to the server, as items of the spool (protocol/README.md). Threads: one owner.

#include <cstdint>

#include "base/time.h"
#include "local/noted_errors.h"
#include "spool/spool.h"

namespace redflag::kernel {

class ToldErrors {
 public:
  ToldErrors(NotedErrors& noted, Spool& spool, const Clock& clock = systemClock())
      : noted_(noted), spool_(spool), clock_(clock) {}

  // Called now and then: what is new at once, more of it ten minutes later, so that an error without end
  // fills neither the line nor the spool.
  void tell();

 private:
  NotedErrors& noted_;
  Spool& spool_;
  const Clock& clock_;
  std::int64_t again_ns_ = 0;  // monotonic
};

}  // namespace redflag::kernel
