#pragma once
// One way to run scans, whoever asks: the schedule, a person, an order, or the kernel itself after an
// install. That one also scans the plugins that tell of services, since some of these may run on with what
// was replaced.

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::kernel {

enum class Trigger { kSchedule, kManual, kCommand, kVerify };

struct ScanRequest {
  std::vector<std::string> plugins;  // empty: every enabled one
  // updates | inventory | verify. An inventory of a plugin that has none is a scan for updates.
  std::string purpose = "updates";
  Trigger trigger = Trigger::kSchedule;
  std::string command_id;  // of the order behind it, or ""
  // Of a verify scan: {"key","name","arch","version"} of what that order was about. The plugin's updater is
  // asked what is installed of it now, and its word goes with the scan.
  Json ordered = Json::array();
};

class Scanner {
 public:
  virtual ~Scanner() = default;
  // Runs the scans (side by side up to max_parallel), spools each as it ends, and answers their ids in the
  // order of the plugins. A plugin whose breaker is open is spooled as a scan with status "breaker_open" that
  // was not run.
  virtual Result<std::vector<std::string>> scan(const ScanRequest& request) = 0;
  // A plugin's unprivileged updater operation ("plan", "verify"): the JSON it wrote. `command_id`: of the
  // order behind it.
  virtual Result<Json> runUpdater(const std::string& plugin, const std::string& operation,
                                  const Json& request, const std::string& command_id) = 0;
  // What a plugin can be ordered to do beside updating: the document of its rf.actions/1 list().
  // kUnsupported: nothing.
  virtual Result<Json> listActions(const std::string& plugin) = 0;
  // Runs an action that changes nothing, sealed and without rights; any other one is kDenied. kInvalid: the
  // parameters are not what its schema says.
  virtual Result<Json> runAction(const std::string& plugin, const std::string& action, const Json& parameters,
                                 const std::string& command_id) = 0;
  // The body of an agent_status item (protocol/README.md), as things stand.
  virtual Json status() const = 0;
};

}  // namespace redflag::kernel
