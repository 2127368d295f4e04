#pragma once
// `redflag-agent policy test ACTION [PACKAGE] [--at TIME]`: what the executor would say, without an order.

#include <iosfwd>
#include <string>

#include "config/config.h"

namespace redflag::kernel {

struct PolicyTestRequest {
  std::string action;                 // "apt/install"
  std::string package = {};           // "": the action by itself
  std::string operation = "upgrade";  // install | upgrade | remove | downgrade
  std::string category = {};          // "security"; "": none
  std::string at = {};                // "Sat 23:00" or "2025-03-01 23:00", the machine's own time; "": now
  bool json = false;
};

// Prints the decision and the line that made it. 0: allowed. 3: refused. 2: the request makes no sense (told
// on `err`).
int runPolicyTest(const Config& config, const PolicyTestRequest& request, std::ostream& out,
                  std::ostream& err);

}  // namespace redflag::kernel
